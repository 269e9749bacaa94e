export { checkIngress, type IngressSurroundings } from './check-ingress.ts'
export { masterKeyRotationTable } from './config/master-key-rotation-table.ts'
export { optionTable } from './config/option-table.ts'
export { type RelayConfig, relayConfig } from './config/relay-config.ts'
export { hashPassword } from './hash-password.ts'
export { RelayServer, type RelayServerOptions } from './relay-server.ts'
export {
  type IngressProcess,
  type IngressProcessOptions,
  type IngressSender,
  startIngressProcess,
} from './start-ingress-process.ts'
export { type RecoveryOptions, recoverAdministrator } from './start-recovery.ts'
export {
  type HybridConnectionAccess,
  type PublicPort,
  type RunningRelay,
  runRelay,
  type StartRelayOptions,
  startRelay,
} from './start-relay.ts'
export { addMissingResources } from './storage/add-missing-resources.ts'
export type { ChainPosition } from './storage/audit-chain.ts'
export type { AuditQuery, AuditReader, AuditVerdict, ChainedRecord } from './storage/audit-store.ts'
export { doubtGrants } from './storage/check-ingress-doors.ts'
export type {
  DeclaredHybridConnection,
  DeclaredNamespace,
  DeclaredRule,
  ResourcesDeclaration,
} from './storage/declared-resources-schema.ts'
export { type ParsedResources, parseDeclaredResources } from './storage/parse-declared-resources.ts'
export { auditDatabaseName } from './storage/sqlite/audit-database.ts'
export { AuditFile } from './storage/sqlite/audit-file.ts'
export {
  type MasterKeyRotation,
  type RotateMasterKeyOptions,
  type RotationStep,
  rotateMasterKey,
} from './storage/sqlite/rotate-master-key.ts'
