import { type Endpoint, formatEndpoint, parseEndpoint } from '@postern/client'
import { doctorExitCode, formatReports, reportsJson, runChecks, targetChecks } from '@postern/program'
import type { AskFlags } from './ask-service.ts'

/** All together: people wait for it. */
const deadlineMs = 12_000
const httpsPort = 443

/**
 * What the argument of `hcm test` means when it is no name of a hybrid connection: `HOST:PORT`, or the host of a namespace of
 * Azure's, which is reached at port 443. No name of a hybrid connection has a colon.
 */
export function endpointToTest(argument: string): Endpoint | undefined {
  if (/^[\w-]+\.servicebus\.[\w.-]+$/i.test(argument)) return { host: argument.toLowerCase(), port: httpsPort }
  return parseEndpoint(argument)
}

/** Looks whether this machine reaches an endpoint: its name, its port, and TLS on ports of TLS. */
export async function testEndpoint(endpoint: Endpoint, { output }: Pick<AskFlags, 'output'>): Promise<void> {
  const checks = targetChecks({ target: () => endpoint, needs: [], demandsTls: false })
  const hops = await runChecks(checks, { signal: AbortSignal.timeout(deadlineMs) })
  const reports = [{ subject: formatEndpoint(endpoint), hops }]
  process.stdout.write(output === 'json' ? reportsJson(reports) : formatReports(reports, process.stdout.columns))
  process.exitCode = doctorExitCode(reports)
}
