package postern;

import javax.websocket.WebSocketContainer;
import org.eclipse.jetty.websocket.jsr356.JettyClientContainerProvider;

/** Jetty's WebSocket client as the relay library finds it, with another idle limit than its five minutes when asked for. */
public class ShortIdle extends JettyClientContainerProvider {
    @Override
    protected WebSocketContainer getContainer() {
        WebSocketContainer container = super.getContainer();
        Long idleMs = Long.getLong("idleMs");
        if (idleMs != null) container.setDefaultMaxSessionIdleTimeout(idleMs);
        return container;
    }
}
