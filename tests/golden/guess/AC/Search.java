import java.util.Scanner;

public class Search {
    public static void main(String[] args) {
        Scanner in = new Scanner(System.in);
        int low = 1, high = 1000;
        while (true) {
            int middle = (low + high) / 2;
            System.out.println(middle);
            switch (in.next()) {
                case "right": return;
                case "lower": high = middle - 1; break;
                default: low = middle + 1;
            }
        }
    }
}
