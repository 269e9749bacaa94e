export { configureHcm, spellShortFlags } from './command/configure-hcm.ts'
export { type RunHcmOptions, type RunningHcm, runHcm } from './run-hcm.ts'
export type { ConnectionName, HcmService } from './service/hcm-service.ts'
export type { ConnectionStatus, HybridConnectionStatus, TargetState } from './service/status.ts'
