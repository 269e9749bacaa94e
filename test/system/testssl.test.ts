// What a scanner of TLS weaknesses says about the front door: Debian's testssl.sh, on the relay's own settings.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startTestRelay } from '@postern/testkit'
import { missingPrograms } from './run-program.ts'

interface Finding {
  readonly id: string
  readonly severity: 'OK' | 'INFO' | 'LOW' | 'MEDIUM' | 'HIGH' | 'CRITICAL' | 'WARN' | 'DEBUG'
  readonly finding: string
}

const timeout = 280_000

test('testssl.sh finds nothing above LOW in protocols, ciphers and vulnerabilities', {
  skip: missingPrograms({ testssl: 'testssl.sh' }),
  timeout,
}, async (context) => {
  await using relay = await startTestRelay()
  const folder = await mkdtemp(join(tmpdir(), 'postern-testssl-'))
  context.after(() => rm(folder, { recursive: true }))
  const report = join(folder, 'report.json')
  const port = relay.host.split(':')[1]
  const groups = ['--protocols', '--std', '--server-preference', '--fs', '--vulnerable']
  const options = ['--quiet', '--color', '0', '--warnings', 'batch', '--ip', '127.0.0.1', '--jsonfile', report]
  await new Promise<void>((resolve) => {
    // Its exit code counts findings; the report is what is judged.
    execFile('testssl', [...options, ...groups, `localhost:${port}`], { timeout }, () => resolve())
  })
  const findings = JSON.parse(await readFile(report, 'utf8')) as Finding[]
  assert.ok(
    findings.some(({ id }) => id === 'TLS1_3') && findings.some(({ id }) => id === 'heartbleed'),
    'it has looked',
  )
  const grave = findings.filter(({ severity }) => ['MEDIUM', 'HIGH', 'CRITICAL'].includes(severity))
  assert.deepEqual(grave, [])
})
