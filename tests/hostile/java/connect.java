// attack: reach servers on the judge's loopback, listen, send datagrams
// stopped by: system call filter; network namespace
// verdict: AC
// time: 3
import java.net.*;

class Connect {
    interface Attack { Object go() throws Exception; }

    static void attempt(String name, Attack attack) {
        try {
            attack.go();
            System.out.println("BROKEN " + name);
        } catch (Exception | Error refused) {
        }
    }

    public static void main(String[] args) {
        attempt("tcp", () -> new Socket(InetAddress.getLoopbackAddress(), 80));
        attempt("listen", () -> new ServerSocket(0));
        attempt("udp", () -> new DatagramSocket());
        attempt("unix", () -> java.nio.channels.SocketChannel.open(StandardProtocolFamily.UNIX));
        System.out.println("held");
    }
}
