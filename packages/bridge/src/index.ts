export type { Framing, ResumeRules, TcpPlace, TunnelSocket } from '@postern/carrier'
export {
  CreditBudget,
  carrierProtocol,
  dialTcp,
  FarEnd,
  type FarEndOptions,
  formatTargetAway,
  SenderCarriers,
  type SenderCarriersOptions,
} from '@postern/carrier'
export { Bridge, type BridgeOptions } from './bridge.ts'
export { CarrierServer, type CarrierServerOptions, type WantedTarget } from './carriers/carrier-server.ts'
export { type CarrierMode, type RelayWay, RelayWays } from './carriers/relay-ways.ts'
export { bridgeOptionsOf } from './configuration/bridge-options-of.ts'
export { type BridgeConfiguration, type BridgeLogLevel, mergeConfigurations } from './configuration/configuration.ts'
export {
  type ConfigurationPlaces,
  type ConfigurationSources,
  configurationPlaces,
  loadConfiguration,
} from './configuration/load-configuration.ts'
export { parseConfiguration } from './configuration/parse-configuration.ts'
export { type ConnectThroughOptions, connectThrough } from './connect-through.ts'
export { connected, targetUnreachable } from './connected.ts'
export { describeFailure } from './describe-failure.ts'
export { type DiagnoseBridgeOptions, diagnoseBridge } from './doctor/diagnose-bridge.ts'
export { entityChecks, type LearnedEntity } from './doctor/entity-checks.ts'
export { type ListenerChecks, type LiveListener, listenerChecks } from './doctor/listener-checks.ts'
export { findingOf, type RelayAccess, relayAccessOf, resultsOfWay } from './doctor/relay-access.ts'
export { type SenderChecksOptions, senderChecks } from './doctor/sender-checks.ts'
export type { BindRules, SocketSource } from './entrance.ts'
export type {
  HttpTarget,
  LocalBinding,
  LocalForward,
  PortBinding,
  PortTarget,
  RangeTarget,
  RemoteForward,
  RemoteTarget,
  SocketBinding,
  SocketTarget,
} from './forward.ts'
export type { Forwarder, ForwarderStatus } from './forwarder.ts'
export { LocalForwarder, type LocalForwarderOptions } from './local-forwarder.ts'
export { OpenTunnels, type OpenTunnelsOptions } from './open-tunnels.ts'
export { parseHttpForward, parseLocalForward, parseOldRemoteForward, parseRemoteForward } from './parse-forward.ts'
export { RemoteForwarder, type RemoteForwarderOptions } from './remote-forwarder.ts'
export { dialDatagramTarget } from './targets/datagram-target.ts'
export type { PortRange } from './targets/port-range.ts'
