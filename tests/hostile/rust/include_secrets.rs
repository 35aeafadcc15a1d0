// attack: embed a file of the judge's into the program
// stopped by: the compiler runs in the sandbox
// verdict: CE
static SECRET: &str = include_str!("/etc/shadow");
fn main() {
    println!("{}{} {}", "BRO", "KEN", SECRET);
}
