# cheat: change the result on its way out by a trace function
# stopped by: a result is still only what it is
import sys

def even_sum(nums):
    def tracer(frame, event, argument):
        frame.f_locals["result"] = 10
        return tracer

    sys.settrace(tracer)
    sys.setprofile(tracer)
    return None
