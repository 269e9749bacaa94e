export { Carrier, type CarrierHandler, goAwayCodes, minSendBufferBytes } from './carrier.ts'
export { type CarrierLimits, defaultCarrierLimits } from './carrier-limits.ts'
export { CarrierPool, type CarrierPoolOptions, type DialCarrierOptions } from './carrier-pool.ts'
export {
  type CarrierConnection,
  type CarrierConnectionHandler,
  CarrierRunner,
  type CarrierRunnerOptions,
  carrierProtocol,
  offeredProtocols,
  plainProtocol,
  type RunnableSession,
} from './carrier-runner.ts'
export { CarrierError, type CarrierErrorCode } from './codec/carrier-error.ts'
export type { Hello } from './codec/messages.ts'
export { ListenerSession, type ListenerSessionOptions } from './listener-session.ts'
export type { ResetCode, StreamReset } from './reset-code.ts'
export { type OpenOptions, SenderSession, type SenderSessionOptions } from './sender-session.ts'
export type { CarrierStream, CarrierStreamHandler } from './streams/carrier-stream.ts'
export { CreditBudget, type CreditBudgetOptions } from './streams/credit-budget.ts'
export { maxUdpPayloadBytes } from './tunnels/datagram-path.ts'
export { DatagramTunnel, type DatagramTunnelOptions, defaultDatagramIdleMs } from './tunnels/datagram-tunnel.ts'
export { FarEnd, type FarEndOptions, type FarEndRequest, type HurriedRequest } from './tunnels/far-end.ts'
export type { Framing } from './tunnels/framing.ts'
export { formatCloseReason, formatPortNameRefusal, portNameHeader } from './tunnels/port-name-refusal.ts'
export { encodePreamble, encodePreambleReply, PreambleDecoder } from './tunnels/preamble.ts'
export { Pump, type PumpCounts, type PumpOptions, type PumpResult } from './tunnels/pump.ts'
export type { DialedConnection, RelayDial, RelayDialer } from './tunnels/relay-dialer.ts'
export { limitsOf, type ResumeRules } from './tunnels/resume-rules.ts'
export { sendOrDrop } from './tunnels/send-or-drop.ts'
export { SenderCarriers, type SenderCarriersOptions } from './tunnels/sender-carriers.ts'
export { type AcceptOptions, acceptSockets } from './tunnels/sockets/accept-sockets.ts'
export { dialTcp, type TcpPlace } from './tunnels/sockets/dial-tcp.ts'
export { NetSocket } from './tunnels/sockets/net-socket.ts'
export type {
  AcceptedSocket,
  SocketAddress,
  TunnelSocket,
  TunnelSocketHandler,
} from './tunnels/sockets/tunnel-socket.ts'
export { StreamConnection, type StreamConnectionOptions } from './tunnels/stream-connection.ts'
export { readStreamContext, type StreamContext } from './tunnels/stream-context.ts'
export { resetOf } from './tunnels/stream-error.ts'
export { formatTargetAway } from './tunnels/target-away.ts'
export type { TunnelConnection, TunnelHandler } from './tunnels/tunnel-connection.ts'
export { WaitingDatagrams } from './tunnels/waiting-datagrams.ts'
