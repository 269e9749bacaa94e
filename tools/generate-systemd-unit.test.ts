import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { systemdUnit } from '@postern/hcm'

test('the unit in deploy/systemd is the one that hcm service install writes', () => {
  const file = new URL('../deploy/systemd/postern-hcm.service', import.meta.url)
  assert.equal(readFileSync(file, 'utf8'), systemdUnit({ program: ['/opt/postern/postern', 'hcm'] }))
})
