# attack: put a profile and a trace function under the runner
# stopped by: the comparison is made elsewhere
# verdict: WA
import sys

def spy(frame, event, argument):
    for name, value in frame.f_locals.items():
        if isinstance(value, str) and value.strip() == "hel" + "d":
            sys.stderr.write("BROKEN")
    return spy

sys.setprofile(spy)
sys.settrace(spy)
print("nothing")
