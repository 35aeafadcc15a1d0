// attack: take memory that the heap's limit does not count
// stopped by: memory limit, the virtual machine's own limits
// verdict: MLE
// memory: 64
// time: 3
import java.lang.reflect.Field;

class MemoryBomb {
    public static void main(String[] args) throws Exception {
        Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        sun.misc.Unsafe unsafe = (sun.misc.Unsafe) field.get(null);
        for (;;) unsafe.setMemory(unsafe.allocateMemory(1 << 20), 1 << 20, (byte) 1);
    }
}
