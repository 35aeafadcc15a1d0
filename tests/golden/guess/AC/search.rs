use std::io::BufRead;

fn main() {
    let (mut low, mut high) = (1, 1000);
    let mut lines = std::io::stdin().lock().lines();
    loop {
        let middle = (low + high) / 2;
        println!("{}", middle);
        match lines.next().unwrap().unwrap().as_str() {
            "right" => return,
            "lower" => high = middle - 1,
            _ => low = middle + 1,
        }
    }
}
