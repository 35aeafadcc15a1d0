// attack: start processes without end
// stopped by: system call filter
// verdict: AC
fn main() {
    for _ in 0..100 {
        if std::process::Command::new("/bin/sh").args(["-c", "echo BROKEN"]).spawn().is_ok() {
            println!("BROKEN");
        }
    }
    println!("held");
}
