// attack: start processes without end
// stopped by: system call filter
// verdict: AC
// time: 3
class ForkBomb {
    public static void main(String[] args) {
        for (int i = 0; i < 20; i++)
            for (String how : new String[] {"FORK", "VFORK", "POSIX_SPAWN"}) {
                System.setProperty("jdk.lang.Process.launchMechanism", how);
                try {
                    Runtime.getRuntime().exec(new String[] {"/bin/sh", "-c", "echo BROKEN"});
                    System.out.println("BROKEN " + how);
                } catch (Exception | Error refused) {
                }
            }
        System.out.println("held");
    }
}
