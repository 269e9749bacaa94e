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
