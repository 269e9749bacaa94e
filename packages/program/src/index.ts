export { addTableOptions, typedFlags } from './command-options.ts'
export { askControl, type ControlQuestion } from './control/control-client.ts'
export { type ControlOperations, ControlServer, type ControlServerOptions } from './control/control-server.ts'
export {
  broken,
  type DoctorReport,
  doubtful,
  type Finding,
  fine,
  type HopResult,
  notChecked,
} from './doctor/finding.ts'
export { doctorExitCode, formatReports, reportsJson } from './doctor/format-report.ts'
export { type Hop, hopTable } from './doctor/hop-table.ts'
export { relayChecks } from './doctor/relay-checks.ts'
export { type Check, runChecks } from './doctor/run-checks.ts'
export { type CheckedTarget, targetChecks } from './doctor/target-checks.ts'
export type { Way } from './doctor/way.ts'
export { formatOptions } from './format-options.ts'
export {
  defaultOptions,
  type LoadedOptions,
  loadOptions,
  type OptionFlags,
  type OptionSource,
  type OptionSources,
} from './load-options.ts'
export { createLogger, type Logger, type LoggerOptions, type LogLevel, silentLogger } from './logger.ts'
export { applyNetworkFlags, type NetworkFlags, networkFlagTable } from './network/network-flags.ts'
export {
  defineOptions,
  type OptionEntry,
  type OptionTable,
  type OptionValues,
} from './option-entry.ts'
export { type OptionFile, parseOptionFile, readOptionFile } from './option-file.ts'
export { formatOptionHelp } from './option-help.ts'
export { optionTableJsonSchema } from './option-json-schema.ts'
export { markdownRow, optionTableMarkdown } from './option-markdown.ts'
export { type OptionProblem, OptionsError } from './options-error.ts'
export { type ParsedFlags, parseFlags } from './parse-flags.ts'
export { parseOption } from './parse-option.ts'
export { formatBytes, formatDuration, parseBytes, parseDuration } from './parse-quantity.ts'
export { RareLines } from './rare-lines.ts'
export { redactText } from './redact.ts'
export { reportFailure } from './report-failure.ts'
export { resumeOptionTable } from './resume-option-table.ts'
export { RotatingFile, type RotatingFileOptions } from './rotating-file.ts'
export { isUnsafe, safeJson, safeText } from './safe-text.ts'
export { Secret, secretMask } from './secret.ts'
export { type Account, currentAccount, unknownAccount, withAccount } from './session/account.ts'
export { AccountStore } from './session/account-store.ts'
export { onlySubscription } from './session/choose-subscription.ts'
export { configFolder } from './session/config-folder.ts'
export { managementVariables } from './session/environment-variables.ts'
export { keepSignIn, type SignIn } from './session/keep-sign-in.ts'
export { openSession, type Session } from './session/open-session.ts'
export { signInServicePrincipal } from './session/sign-in.ts'
export { signInSomebody } from './session/sign-in-somebody.ts'
export { trustCa } from './session/trust-ca.ts'
export { onShutdownSignal, type ShutdownSignal, type SignalSource } from './shutdown-signals.ts'
export { formatLogLine } from './text-log.ts'
export { type OpenForWriting, writeAtomically } from './write-atomically.ts'
export { readYaml, yamlFault } from './yaml-fault.ts'
