export { Bridge, type BridgeOptions } from './bridge.ts'
export { describeFailure } from './describe-failure.ts'
export {
  type LocalBinding,
  type LocalForward,
  parseLocalForward,
  parseRemoteForward,
  type RemoteForward,
  type RemoteTarget,
} from './forward-specification.ts'
export type { Forwarder, ForwarderStatus, Framing } from './forwarder.ts'
export { LocalForwarder, type LocalForwarderOptions } from './local-forwarder.ts'
export { RemoteForwarder, type RemoteForwarderOptions } from './remote-forwarder.ts'
