import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadHcmOptions } from './load-hcm-options.ts'

test('flags win over the environment, that over the file, that over defaults', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hcm-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'hcm.yaml')
  writeFileSync(file, 'probeInterval: 9s\nlogLevel: warn\ntls: false\n')
  const env = { POSTERN_HCM_LOG_LEVEL: 'error', POSTERN_HCM_PROBE_INTERVAL: '7s' }
  const { values } = loadHcmOptions({ flags: { probeInterval: '6s' }, file, env })
  assert.deepEqual(
    [values.probeInterval, values.logLevel, values.tls, values.drainTimeout],
    [6_000, 'error', false, 10_000],
  )
})

test('wrong values and names are told with their places, all at once', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hcm-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'hcm.yaml')
  writeFileSync(file, 'probe-interval: 9s\n')
  assert.throws(
    () => loadHcmOptions({ flags: {}, file, env: { POSTERN_HCM_LOG_LEVEL: 'loud' } }),
    (error: Error) =>
      /POSTERN_HCM_LOG_LEVEL/.test(error.message) && /hcm\.yaml:1:1 .*"probeInterval" meant/.test(error.message),
  )
})

test('a misspelt variable of ours is told, those of the relay are not', () => {
  const env = { POSTERN_HCM_PROBE_INTERVALL: '1s', POSTERN_DATA_PORT: '1' }
  assert.deepEqual(loadHcmOptions({ flags: {}, env }).unknownEnvironment, ['POSTERN_HCM_PROBE_INTERVALL'])
})
