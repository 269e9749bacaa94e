export { Bridge, type BridgeOptions } from './bridge.ts'
export { describeFailure } from './describe-failure.ts'
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
export type { Forwarder, ForwarderStatus, Framing } from './forwarder.ts'
export { LocalForwarder, type LocalForwarderOptions } from './local-forwarder.ts'
export { parseHttpForward, parseLocalForward, parseOldRemoteForward, parseRemoteForward } from './parse-forward.ts'
export type { PortRange } from './port-range.ts'
export { RemoteForwarder, type RemoteForwarderOptions } from './remote-forwarder.ts'
