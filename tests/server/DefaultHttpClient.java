import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Sends requests with the defaults of HttpClient; prints the status and the size of the body that the server saw. */
public class DefaultHttpClient {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        String smuggled = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5000);
        for (int round = 0; round < 3; round++) {
            for (String body : new String[] {"", "hi", smuggled}) {
                HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + arguments[0] + "/java"));
                request.timeout(Duration.ofSeconds(10));
                if (!body.isEmpty()) {
                    request.POST(BodyPublishers.ofString(body));
                }
                var response = client.send(request.build(), BodyHandlers.ofString());
                String size = response.body().replaceAll(".*\"size\": (\\d+).*", "$1");
                System.out.println(response.statusCode() + "/" + size);
            }
        }
    }
}
