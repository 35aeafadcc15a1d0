// attack: write wherever a program might write
// stopped by: Landlock, and a read-only root
// verdict: AC
fn main() {
    for folder in [".", "/tmp", "/var/tmp", "/dev/shm", "/", "/run", "/usr/lib"] {
        if std::fs::write(format!("{}/stepsmith-hostile-x", folder), "x").is_ok() {
            println!("BROKEN {}", folder);
        }
    }
    println!("held");
}
