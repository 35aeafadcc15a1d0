// attack: write and read wherever a program might
// stopped by: Landlock, and a read-only root
// verdict: AC
// time: 3
import java.nio.file.*;
import java.util.Scanner;

class WriteFiles {
    public static void main(String[] args) {
        for (String folder : new String[] {".", "/tmp", "/var/tmp", "/dev/shm", "/", "/run", "/usr/lib"})
            try {
                Files.writeString(Path.of(folder, "stepsmith-hostile-x"), "x");
                System.out.println("BROKEN " + folder);
            } catch (Exception refused) {
            }
        Scanner in = new Scanner(System.in);
        String target = "";
        while (in.hasNext()) if (in.next().equals("file")) target = in.next();
        for (String file : new String[] {target, "/etc/passwd", "/proc/1/environ", "/proc/self/environ"})
            try {
                Files.readAllBytes(Path.of(file));
                System.out.println("BROKEN " + file);
            } catch (Exception refused) {
            }
        System.out.println("held");
    }
}
