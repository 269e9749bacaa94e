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
export { createLogger, type Logger, type LoggerOptions, type LogLevel, silentLogger } from './log/logger.ts'
export { RareLines } from './log/rare-lines.ts'
export { redactText } from './log/redact.ts'
export { RotatingFile, type RotatingFileOptions } from './log/rotating-file.ts'
export { formatLogLine } from './log/text-log.ts'
export { applyNetworkFlags, type NetworkFlags, networkFlagTable } from './network/network-flags.ts'
export { addTableOptions, typedFlags } from './options/command-options.ts'
export { formatOptions } from './options/format-options.ts'
export {
  defaultOptions,
  type LoadedOptions,
  loadOptions,
  type OptionFlags,
  type OptionSource,
  type OptionSources,
} from './options/load-options.ts'
export {
  defineOptions,
  type OptionEntry,
  type OptionTable,
  type OptionValues,
} from './options/option-entry.ts'
export { type OptionFile, parseOptionFile, readOptionFile } from './options/option-file.ts'
export { formatOptionHelp } from './options/option-help.ts'
export { optionTableJsonSchema } from './options/option-json-schema.ts'
export { markdownRow, optionTableMarkdown } from './options/option-markdown.ts'
export { type OptionProblem, OptionsError } from './options/options-error.ts'
export { type ParsedFlags, parseFlags } from './options/parse-flags.ts'
export { parseOption } from './options/parse-option.ts'
export { formatBytes, formatDuration, parseBytes, parseDuration } from './options/parse-quantity.ts'
export { resumeOptionTable } from './options/resume-option-table.ts'
export { reportFailure } from './report-failure.ts'
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
export { type OpenForWriting, writeAtomically } from './write-atomically.ts'
export { readYaml, yamlFault } from './yaml-fault.ts'
export { boundYoungGeneration } from './young-generation.ts'
