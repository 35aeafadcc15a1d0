// attack: reach servers on the judge's loopback, listen, send datagrams
// stopped by: system call filter; network namespace
// verdict: AC
use std::net::*;
fn main() {
    if TcpStream::connect("127.0.0.1:80").is_ok() || TcpListener::bind("127.0.0.1:0").is_ok() {
        println!("BROKEN tcp");
    }
    if UdpSocket::bind("127.0.0.1:0").is_ok() {
        println!("BROKEN udp");
    }
    if std::os::unix::net::UnixDatagram::unbound().is_ok() {
        println!("BROKEN unix");
    }
    println!("held");
}
