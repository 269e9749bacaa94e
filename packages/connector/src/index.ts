export { Connector, type ConnectorEvents, type ConnectorPlace, type ConnectPlace } from './connector.ts'
export type { ConnectorEndpoint, ConnectorOptions } from './connector-options.ts'
export {
  askConnector,
  type ConnectorAnswers,
  connectorSocketPath,
  demandTarget,
  type ServedPing,
} from './control/connector-control.ts'
export { resolverLines } from './dns/resolver-lines.ts'
export { checkWayIn } from './doctor/check-way-in.ts'
export { diagnoseConnector, type EndpointDiagnosis } from './doctor/diagnose-connector.ts'
export { cleanHostsFile } from './hosts/hosts-file.ts'
export { hostsLines } from './hosts/hosts-lines.ts'
export { type ConnectorTarget, formatTarget, parseTarget } from './names/endpoint-text.ts'
export { type Hop, type PingReport, reportOf } from './ping/hop.ts'
export { pingEndpoint } from './ping/ping-endpoint.ts'
export { pingLocal } from './ping/ping-local.ts'
export type { ConnectorFacts, ConnectorStatus, EndpointStatus } from './routes/status.ts'
export { type RunOptions, runProgram, type Way } from './run/run-program.ts'
export { settingsEnvironment } from './run/settings-environment.ts'
export { type ServedConnector, type ServeOptions, serveConnector } from './serve-connector.ts'
export { connectorFileJsonSchema } from './settings/connector-file.ts'
export { connectorOptionsOf } from './settings/connector-options-of.ts'
export {
  type ConnectorSettings,
  defaultStateFolder,
  demandEndpoints,
  loadConnectorSettings,
  type SettingsSources,
} from './settings/load-settings.ts'
export { type ConnectorOptionValues, connectorOptionTable } from './settings/option-table.ts'
export { type AppCredential, parseAppCredential } from './sources/app-credential.ts'
