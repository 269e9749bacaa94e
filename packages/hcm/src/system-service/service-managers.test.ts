import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { carryOut } from './carry-out.ts'
import { formatSteps, type PlanStep, run, type ServiceCommand, write } from './plan-step.ts'
import type { ServiceAction } from './service-manager.ts'
import { type ServicePlatform, serviceManagers, servicePlatform } from './service-managers.ts'

const platforms = Object.keys(serviceManagers) as ServicePlatform[]
const options = { program: ['/usr/bin/hcm'], starts: true } as const

function plan(platform: ServicePlatform, action: ServiceAction): readonly PlanStep[] {
  return serviceManagers[platform].plan[action](options)
}

for (const platform of platforms) {
  test(`${platform}: what is installed is what is uninstalled, and starts the program`, () => {
    const { definitionPath } = serviceManagers[platform]
    const [first] = plan(platform, 'install')
    assert.ok(first?.kind === 'write')
    assert.equal(first.path, definitionPath)
    assert.match(first.text, /\/usr\/bin\/hcm[^]*run[^]*--state-dir/)
    assert.ok(plan(platform, 'uninstall').some((step) => step.kind === 'remove' && step.path === definitionPath))
    for (const action of ['start', 'stop'] as const) assert.equal(plan(platform, action).length, 1, action)
  })

  test(`${platform}: without --no-start one step more starts it`, () => {
    const quiet = serviceManagers[platform].plan.install({ ...options, starts: false })
    assert.equal(plan(platform, 'install').length, quiet.length + 1)
  })
}

test('under a folder nobody is asked but systemctl about links', () => {
  const steps = serviceManagers.linux.plan.install({ ...options, root: '/image' })
  assert.deepEqual(
    steps.map((step) => (step.kind === 'run' ? step.command.join(' ') : `${step.kind} ${step.path}`)),
    ['write /image/etc/systemd/system/postern-hcm.service', 'systemctl --root=/image enable postern-hcm.service'],
  )
})

test('text of others is text in XML', () => {
  const [first] = serviceManagers.macos.plan.install({ ...options, program: ['/opt/<a>&b'] })
  assert.match(first?.kind === 'write' ? first.text : '', /<string>\/opt\/&lt;a&gt;&amp;b<\/string>/)
})

test('a system that is not known has no service manager', () => {
  assert.deepEqual(
    [servicePlatform('darwin'), servicePlatform('win32'), servicePlatform('aix')],
    ['macos', 'windows', undefined],
  )
})

test('steps are taken in order, and the first that fails is the last', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-service-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'a', 'unit')
  const ran: string[] = []
  const runCommand = ([program]: ServiceCommand): Promise<{ code: number; output: string }> => {
    ran.push(program)
    return Promise.resolve(program === 'fails' ? { code: 4, output: 'no such unit\n' } : { code: 0, output: '' })
  }
  const steps = [write(path, 'text'), run('works'), run('fails', 'now'), run('never')]
  await assert.rejects(carryOut(steps, runCommand), { message: 'fails now ended with 4: no such unit' })
  assert.deepEqual(ran, ['works', 'fails'])
  assert.deepEqual([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['text', 0o644])
})

test('steps are shown as one would do them', () => {
  assert.equal(
    formatSteps([write('/etc/x', 'a\n\nb\n'), run('systemctl', 'enable', 'two words')]),
    'write /etc/x\n    a\n\n    b\n\nrun systemctl enable "two words"\n',
  )
})
