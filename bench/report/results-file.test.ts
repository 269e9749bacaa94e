import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  writeCarrierResults,
  writeGrowthResults,
  writeManagementResults,
  writeMessageResults,
  writePathResults,
  writeStormResults,
  writeTargetResults,
  writeTunnelResults,
} from './results-file.ts'

test('each benchmark writes its own part of the results and leaves the others as they were', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-results-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'results.md')
  const read = (): string => readFileSync(file, 'utf8')
  writeTunnelResults(file, '# Tunnel 1\n')
  assert.equal(read(), '# Tunnel 1\n')
  writeManagementResults(file, '## Management 1')
  writeTunnelResults(file, '# Tunnel 2\n')
  assert.match(read(), /^# Tunnel 2\n\n<!--.*-->\n\n## Management 1\n$/)
  writeManagementResults(file, '## Management 2')
  assert.match(read(), /^# Tunnel 2\n\n<!--.*-->\n\n## Management 2\n$/)
  writeCarrierResults(file, '## Carriers 1\n')
  writeCarrierResults(file, '## Carriers 2\n')
  assert.match(read(), /^# Tunnel 2\n\n<!--.*-->\n\n## Carriers 2\n\n<!--.*-->\n\n## Management 2\n$/)
  writeTunnelResults(file, '# Tunnel 3\n')
  assert.match(read(), /^# Tunnel 3\n\n<!--.*-->\n\n## Carriers 2\n\n<!--.*-->\n\n## Management 2\n$/)
  writeMessageResults(file, '## Messages 1')
  writeManagementResults(file, '## Management 3')
  assert.match(read(), /\n\n## Management 3\n\n<!--.*-->\n\n## Messages 1\n$/)
  writeStormResults(file, '## Storm 1')
  writeGrowthResults(file, '## Growth 1')
  assert.match(read(), /\n\n## Messages 1\n\n<!--.*-->\n\n## Growth 1\n\n<!--.*-->\n\n## Storm 1\n$/)
  writePathResults(file, '## Long paths 1\n')
  writeStormResults(file, '## Storm 2')
  writeTunnelResults(file, '# Tunnel 4\n')
  writeTargetResults(file, '## Targets 1')
  assert.match(read(), /^# Tunnel 4\n\n<!--.*-->\n\n## Targets 1\n\n<!--.*-->\n\n## Carriers 2\n/)
  assert.match(read(), /^# Tunnel 4\n[^]*\n\n## Storm 2\n\n<!--.*-->\n\n## Long paths 1\n$/)
})
