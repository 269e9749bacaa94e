/** One metric; the values come from metrics-page.ts. */
export interface MetricEntry {
  readonly kind: 'counter' | 'gauge'
  readonly labels: readonly string[]
  readonly help: string
  /** Azure Monitor's name for the same number (Microsoft.Relay/namespaces, dimension EntityName). */
  readonly azureName?: string
  /** `postern ingress` has it too. What a relay counts for all of its senders is told by the relay alone, so that nothing counts twice. */
  readonly inIngressProcess?: true
}

/**
 * Every metric of the relay, in the order of the page. What Azure measures too is spelt as Azure's name in Prometheus'
 * way: `ListenerConnections-Success` is `postern_listener_connections_success_total`, per hybrid connection.
 */
export const metricTable = {
  postern_listener_connections_success_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Listeners whose control channel was opened.',
    azureName: 'ListenerConnections-Success',
  },
  postern_listener_connections_client_error_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Listeners that were refused for a reason of their own: token, right, quota.',
    azureName: 'ListenerConnections-ClientError',
  },
  postern_listener_connections_server_error_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Listeners that were refused for a reason of the relay.',
    azureName: 'ListenerConnections-ServerError',
  },
  postern_listener_connections_requests_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Listeners that asked for a control channel, whatever came of it.',
    azureName: 'ListenerConnections-TotalRequests',
  },
  postern_sender_connections_success_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Senders that were joined with a listener, by WebSocket or HTTP request.',
    azureName: 'SenderConnections-Success',
  },
  postern_sender_connections_client_error_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Senders that were refused for a reason of their own, went away early or were rejected by the listener.',
    azureName: 'SenderConnections-ClientError',
  },
  postern_sender_connections_server_error_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Senders that found no listener, or none that answered in time.',
    azureName: 'SenderConnections-ServerError',
  },
  postern_sender_connections_requests_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Senders that asked for a connection, whatever came of it.',
    azureName: 'SenderConnections-TotalRequests',
  },
  postern_active_connections: {
    kind: 'gauge',
    labels: ['namespace', 'entity'],
    help: 'Relayed connections and HTTP requests at this moment.',
    azureName: 'ActiveConnections',
  },
  postern_active_listeners: {
    kind: 'gauge',
    labels: ['namespace', 'entity'],
    help: 'Control channels at this moment.',
    azureName: 'ActiveListeners',
  },
  postern_listener_disconnects_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Control channels that ended.',
    azureName: 'ListenerDisconnects',
  },
  postern_sender_disconnects_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Relayed connections that ended.',
    azureName: 'SenderDisconnects',
  },
  postern_bytes_transferred_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Bytes relayed, both directions together.',
    azureName: 'BytesTransferred',
  },
  postern_http_requests_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'HTTP requests that were let in; they count among the sender connections too.',
  },
  postern_messages_received_total: {
    kind: 'counter',
    labels: ['namespace', 'entity', 'action'],
    help: 'Messages that were taken from senders, by action: send or publish.',
  },
  postern_message_bytes_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Bytes of the messages that were taken, each counted once.',
  },
  postern_messages_delivered_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Messages that were written to a receiver, each counted once for every receiver.',
  },
  postern_messages_dropped_total: {
    kind: 'counter',
    labels: ['namespace', 'entity'],
    help: 'Messages that were not written to a receiver because too much was waiting for it, counted as those delivered.',
  },
  postern_subscribers: {
    kind: 'gauge',
    labels: ['namespace', 'entity'],
    help: 'Subscribers at this moment; listeners are not among them.',
  },
  postern_streaming_senders: {
    kind: 'gauge',
    labels: ['namespace', 'entity'],
    help: 'WebSockets of senders of messages at this moment.',
  },
  postern_ingress_connections: {
    kind: 'gauge',
    labels: ['namespace', 'ingress'],
    help: 'Connections of devices by an ingress entry at this moment; by UDP, device addresses.',
    inIngressProcess: true,
  },
  postern_ingress_connections_total: {
    kind: 'counter',
    labels: ['namespace', 'ingress'],
    help: 'Connections of devices that were led to a target.',
    inIngressProcess: true,
  },
  postern_ingress_refusals_total: {
    kind: 'counter',
    labels: ['namespace', 'ingress', 'code'],
    help: 'Devices and requests that an ingress entry did not let in or found no way for; errors.md explains the codes.',
    inIngressProcess: true,
  },
  postern_ingress_bytes_total: {
    kind: 'counter',
    labels: ['namespace', 'ingress'],
    help: 'Bytes of devices, both directions together.',
    inIngressProcess: true,
  },
  postern_ingress_datagrams_dropped_total: {
    kind: 'counter',
    labels: ['namespace', 'ingress'],
    help: 'Datagrams of devices that were dropped: too long with their PROXY header, or more than their way takes.',
    inIngressProcess: true,
  },
  postern_ingress_http_requests_total: {
    kind: 'counter',
    labels: ['namespace', 'ingress'],
    help: 'HTTP requests that an ingress entry with hosts has let in, upgrades among them.',
    inIngressProcess: true,
  },
  postern_ingress_sign_ins_total: {
    kind: 'counter',
    labels: ['namespace', 'ingress'],
    help: 'Sign-ins at the OpenID Connect issuer of an ingress entry that have ended with a session.',
    inIngressProcess: true,
  },
  postern_refusals_total: {
    kind: 'counter',
    labels: ['code', 'stage'],
    help: 'Refused handshakes and requests by error code and by what was being done; errors.md explains the codes.',
    inIngressProcess: true,
  },
  postern_pending_offers: {
    kind: 'gauge',
    labels: [],
    help: 'Connections and requests that wait for their listener at this moment.',
  },
  postern_unauthorized_connections: {
    kind: 'gauge',
    labels: [],
    help: 'Accepted sockets that have not been authorised yet.',
  },
  postern_audit_records_written_total: {
    kind: 'counter',
    labels: [],
    help: 'Audit records that are durable.',
  },
  postern_audit_records_lost_total: {
    kind: 'counter',
    labels: [],
    help: 'Audit records that were lost because the disk was too slow or refused; one record in the chain counts them.',
  },
  postern_ready: {
    kind: 'gauge',
    labels: [],
    help: '1 when /readyz answers 200; 0 while starting or draining, or when an ingress process cannot reach its relay.',
    inIngressProcess: true,
  },
  postern_build_info: {
    kind: 'gauge',
    labels: ['version', 'node_version'],
    help: 'Always 1; the labels say what is running.',
    inIngressProcess: true,
  },
  process_cpu_seconds_total: {
    kind: 'counter',
    labels: [],
    help: 'CPU time of the process, user and system together, seconds.',
    inIngressProcess: true,
  },
  process_resident_memory_bytes: {
    kind: 'gauge',
    labels: [],
    help: 'Resident memory of the process, bytes.',
    inIngressProcess: true,
  },
  process_start_time_seconds: {
    kind: 'gauge',
    labels: [],
    help: 'When the process was started, seconds since 1970.',
    inIngressProcess: true,
  },
  process_open_fds: {
    kind: 'gauge',
    labels: [],
    help: 'Open files and sockets of the process; Linux only.',
    inIngressProcess: true,
  },
  nodejs_heap_size_used_bytes: {
    kind: 'gauge',
    labels: [],
    help: 'JavaScript heap in use, bytes.',
    inIngressProcess: true,
  },
  nodejs_external_memory_bytes: {
    kind: 'gauge',
    labels: [],
    help: 'Memory outside the JavaScript heap that it holds, socket buffers among it, bytes.',
    inIngressProcess: true,
  },
  nodejs_eventloop_active_seconds_total: {
    kind: 'counter',
    labels: [],
    help: 'Time in which the event loop was not waiting, seconds; a rate near 1 means that the one core is full.',
    inIngressProcess: true,
  },
} as const satisfies Record<string, MetricEntry>

/** Name of a metric on the page. */
export type MetricName = keyof typeof metricTable

/** Name of a metric that `postern ingress` has. */
export type IngressProcessMetricName = {
  [Name in MetricName]: (typeof metricTable)[Name] extends { readonly inIngressProcess: true } ? Name : never
}[MetricName]
