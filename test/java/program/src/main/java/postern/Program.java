package postern;

import com.microsoft.azure.relay.HybridConnectionChannel;
import com.microsoft.azure.relay.HybridConnectionClient;
import com.microsoft.azure.relay.HybridConnectionListener;
import com.microsoft.azure.relay.RelayedHttpListenerContext;
import com.microsoft.azure.relay.TokenProvider;
import com.microsoft.azure.relay.WebSocketChannel;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.websocket.api.UpgradeException;

/**
 * An application of the relay library. It does what the lines of its standard input say, one after the other, and says on
 * standard output what came of each and what happened unasked: `word rest of the line`.
 */
public class Program {
    private static final Map<String, WebSocketChannel> channels = new HashMap<>();
    private static final ExecutorService handlers = Executors.newCachedThreadPool();
    private static HybridConnectionListener listener;

    public static void main(String[] arguments) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = input.readLine()) != null; ) {
            String[] words = line.split(" ");
            try {
                run(words);
            } catch (Throwable error) {
                Throwable cause = error.getCause() == null ? error : error.getCause();
                int status = cause instanceof UpgradeException ? ((UpgradeException) cause).getResponseStatusCode() : 0;
                say("failed", status + " " + cause);
            }
        }
        System.exit(0);
    }

    private static void run(String[] words) throws Exception {
        switch (words[0]) {
            case "listen":
                listen(words[1]);
                break;
            case "connect":
                connect(words[1], words[2], words[3], words[4]);
                break;
            case "exchange":
                exchange(channels.get(words[1]), words[2], Integer.parseInt(words[3]));
                break;
            case "close":
                channels.get(words[1]).closeAsync().get(10, TimeUnit.SECONDS);
                say("closed", words[1]);
                break;
            case "stop":
                listener.closeAsync().get(20, TimeUnit.SECONDS);
                say("stopped", "");
                break;
            default:
                say("failed", "0 unknown " + words[0]);
        }
    }

    private static void listen(String connectionString) throws Exception {
        listener = new HybridConnectionListener(connectionString);
        listener.setOnlineHandler(() -> say("online", ""));
        listener.setOfflineHandler(error -> say("offline", String.valueOf(error)));
        listener.setConnectingHandler(error -> say("connecting", String.valueOf(error)));
        listener.setAcceptHandler(Program::isAccepted);
        // The library answers on as many threads as there are cores; handlers that wait there wait for each other.
        listener.setRequestHandler(context -> handlers.submit(() -> answer(context)));
        listener.openAsync(Duration.ofSeconds(15)).get(20, TimeUnit.SECONDS);
        say("listening", "");
        acceptNext();
    }

    private static boolean isAccepted(RelayedHttpListenerContext context) {
        say("asked", context.getRequest().getUri() + " " + context.getRequest().getHeaders().get("X-Custom"));
        if (!context.getRequest().getUri().getPath().endsWith("/reject")) return true;
        context.getResponse().setStatusCode(403);
        context.getResponse().setStatusDescription("Not you, thanks");
        return false;
    }

    private static void acceptNext() {
        listener.acceptConnectionAsync().thenAccept(channel -> {
            if (channel == null) return;
            say("accepted", "");
            echoBinary((WebSocketChannel) channel);
            echoText((WebSocketChannel) channel);
            acceptNext();
        });
    }

    private static void echoBinary(WebSocketChannel channel) {
        channel.readAsync().thenAccept(bytes -> {
            if (bytes == null || !channel.isOpen()) return;
            channel.writeAsync(bytes).thenRun(() -> echoBinary(channel));
        });
    }

    private static void echoText(WebSocketChannel channel) {
        channel.readTextAsync().thenAccept(text -> {
            if (text == null || !channel.isOpen()) return;
            channel.writeTextAsync(text, null).thenRun(() -> echoText(channel));
        });
    }

    /** Says what it saw in headers, and repeats the body; `/status/NUMBER` asks for a status of its own. */
    private static void answer(RelayedHttpListenerContext context) {
        try {
            String path = context.getRequest().getUri().getPath();
            int status = path.lastIndexOf("/status/");
            if (status >= 0) {
                context.getResponse().setStatusCode(Integer.parseInt(path.substring(status + 8)));
                context.getResponse().setStatusDescription("As asked for");
            }
            context.getResponse().getHeaders().put("X-Seen", context.getRequest().getHttpMethod() + " " + path);
            byte[] body = context.getRequest().getInputStream() == null
                ? new byte[0]
                : context.getRequest().getInputStream().readAllBytes();
            if (body.length > 0) context.getResponse().getOutputStream().write(body, 0, body.length);
        } catch (Exception error) {
            say("handler-failed", String.valueOf(error));
        } finally {
            context.getResponse().close();
        }
    }

    private static void connect(String name, String address, String keyName, String key) throws Exception {
        TokenProvider tokens = TokenProvider.createSharedAccessSignatureTokenProvider(keyName, key);
        HybridConnectionClient client = new HybridConnectionClient(new URI(address), tokens);
        Map<String, List<String>> headers = Map.of("X-Custom", List.of("v1"));
        HybridConnectionChannel channel = client.createConnectionAsync(headers).get(70, TimeUnit.SECONDS);
        channels.put(name, (WebSocketChannel) channel);
        say("connected", name);
    }

    private static void exchange(WebSocketChannel channel, String kind, int size) throws Exception {
        boolean same;
        if (kind.equals("text")) {
            String text = "é".repeat(size);
            channel.writeTextAsync(text, null).get(10, TimeUnit.SECONDS);
            same = text.equals(channel.readTextAsync().get(10, TimeUnit.SECONDS));
        } else {
            byte[] bytes = new byte[size];
            new Random(size).nextBytes(bytes);
            channel.writeAsync(ByteBuffer.wrap(bytes)).get(10, TimeUnit.SECONDS);
            ByteBuffer answer = channel.readAsync(Duration.ofSeconds(10)).get(15, TimeUnit.SECONDS);
            same = ByteBuffer.wrap(bytes).equals(answer);
        }
        say("exchanged", same ? "same" : "different");
    }

    private static synchronized void say(String word, String rest) {
        System.out.println((word + " " + rest).trim());
        System.out.flush();
    }
}
