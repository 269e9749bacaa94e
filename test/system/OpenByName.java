import java.net.InetAddress;
import java.net.URI;

/** A Java program that knows nothing of the connector: prints what the web service at a URL says, and whether it knows a name. */
public class OpenByName {
  public static void main(String[] args) throws Exception {
    try (var body = URI.create(args[0]).toURL().openStream()) {
      System.out.println(new String(body.readAllBytes()));
    }
    System.out.println(InetAddress.getByName(args[1]).isLoopbackAddress());
  }
}
