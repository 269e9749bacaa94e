import { readdirSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { Counters, EntityCounters, IngressCounters } from './counters.ts'
import type { IngressProcessMetricName, MetricName } from './metric-table.ts'

/** Where the numbers come from that every process has. */
export interface ProcessMetricSources {
  readonly counters: Counters
  /** Whether `/readyz` answers 200. */
  readonly isReady: () => boolean
  readonly version: string
}

/** Where the numbers of a relay's page come from. */
export interface MetricSources extends ProcessMetricSources {
  readonly pendingOffers: () => number
  readonly unauthorizedConnections: () => number
  readonly auditRecords: () => { readonly written: number; readonly lost: number }
}

/** One value of a metric, its labels in the order of the table. */
export interface MetricSample {
  readonly labels: readonly string[]
  readonly value: number
}

/** How each metric of the table is read at the moment of a scrape. */
export const metricReaders: {
  readonly [Name in MetricName]: (
    from: Name extends IngressProcessMetricName ? ProcessMetricSources : MetricSources,
  ) => Iterable<MetricSample>
} = {
  postern_listener_connections_success_total: eachEntity((entity) => entity.listenerConnectionsSuccess),
  postern_listener_connections_client_error_total: eachEntity((entity) => entity.listenerConnectionsClientError),
  postern_listener_connections_server_error_total: eachEntity((entity) => entity.listenerConnectionsServerError),
  postern_listener_connections_requests_total: eachEntity(
    (entity) =>
      entity.listenerConnectionsSuccess + entity.listenerConnectionsClientError + entity.listenerConnectionsServerError,
  ),
  postern_sender_connections_success_total: eachEntity((entity) => entity.senderConnectionsSuccess),
  postern_sender_connections_client_error_total: eachEntity((entity) => entity.senderConnectionsClientError),
  postern_sender_connections_server_error_total: eachEntity((entity) => entity.senderConnectionsServerError),
  postern_sender_connections_requests_total: eachEntity(
    (entity) =>
      entity.senderConnectionsSuccess + entity.senderConnectionsClientError + entity.senderConnectionsServerError,
  ),
  postern_active_connections: eachEntity((entity) => entity.activeConnections),
  postern_active_listeners: eachEntity((entity) => entity.activeListeners),
  postern_listener_disconnects_total: eachEntity((entity) => entity.listenerDisconnects),
  postern_sender_disconnects_total: eachEntity((entity) => entity.senderDisconnects),
  postern_bytes_transferred_total: eachEntity((entity) => entity.bytesTransferred),
  postern_http_requests_total: eachEntity((entity) => entity.httpRequests),
  postern_messages_received_total: ({ counters }) =>
    Array.from(counters.entities()).flatMap(({ namespace, name, messagesSent, messagesPublished }) => [
      { labels: [namespace, name, 'send'], value: messagesSent },
      { labels: [namespace, name, 'publish'], value: messagesPublished },
    ]),
  postern_message_bytes_total: eachEntity((entity) => entity.messageBytes),
  postern_messages_delivered_total: eachEntity((entity) => entity.messagesDelivered),
  postern_messages_dropped_total: eachEntity((entity) => entity.messagesDropped),
  postern_subscribers: eachEntity((entity) => entity.activeSubscribers),
  postern_streaming_senders: eachEntity((entity) => entity.activeStreamingSenders),
  postern_ingress_connections: eachIngress((entry) => entry.activeConnections),
  postern_ingress_connections_total: eachIngress((entry) => entry.connections),
  postern_ingress_refusals_total: ({ counters }) =>
    Array.from(counters.ingresses()).flatMap(({ namespace, name, refusals }) =>
      Array.from(refusals, ([code, value]) => ({ labels: [namespace, name, code], value })),
    ),
  postern_ingress_bytes_total: eachIngress((entry) => entry.bytes),
  postern_ingress_datagrams_dropped_total: eachIngress((entry) => entry.droppedDatagrams),
  postern_ingress_http_requests_total: eachIngress((entry) => entry.httpRequests),
  postern_ingress_sign_ins_total: eachIngress((entry) => entry.signIns),
  postern_refusals_total: ({ counters }) =>
    Array.from(counters.refusals(), ({ code, stage, count }) => ({ labels: [code, stage], value: count })),
  postern_pending_offers: one(({ pendingOffers }) => pendingOffers()),
  postern_unauthorized_connections: one(({ unauthorizedConnections }) => unauthorizedConnections()),
  postern_audit_records_written_total: one(({ auditRecords }) => auditRecords().written),
  postern_audit_records_lost_total: one(({ auditRecords }) => auditRecords().lost),
  postern_ready: one(({ isReady }) => (isReady() ? 1 : 0)),
  postern_build_info: ({ version }) => [{ labels: [version, process.versions.node], value: 1 }],
  process_cpu_seconds_total: one(() => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  }),
  process_resident_memory_bytes: one(() => process.memoryUsage.rss()),
  process_start_time_seconds: one(() => performance.timeOrigin / 1000),
  process_open_fds: openFiles,
  nodejs_heap_size_used_bytes: one(() => process.memoryUsage().heapUsed),
  nodejs_external_memory_bytes: one(() => process.memoryUsage().external),
  nodejs_eventloop_active_seconds_total: one(() => performance.eventLoopUtilization().active / 1000),
}

function eachEntity(read: (entity: EntityCounters) => number): (from: ProcessMetricSources) => Iterable<MetricSample> {
  return ({ counters }) =>
    Array.from(counters.entities(), (entity) => ({ labels: [entity.namespace, entity.name], value: read(entity) }))
}

function eachIngress(read: (entry: IngressCounters) => number): (from: ProcessMetricSources) => Iterable<MetricSample> {
  return ({ counters }) =>
    Array.from(counters.ingresses(), (entry) => ({ labels: [entry.namespace, entry.name], value: read(entry) }))
}

function one<Sources>(read: (from: Sources) => number): (from: Sources) => Iterable<MetricSample> {
  return (from) => [{ labels: [], value: read(from) }]
}

function openFiles(): MetricSample[] {
  try {
    return [{ labels: [], value: readdirSync('/proc/self/fd').length }]
  } catch {
    return []
  }
}
