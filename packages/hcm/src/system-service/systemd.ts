import { join } from 'node:path'
import { type PlanStep, remove, run, write } from './plan-step.ts'
import type { ServiceManager } from './service-manager.ts'
import { systemdUnit, unitName } from './systemd-unit.ts'

/** systemd, which Linux systems have. */
export const systemd: ServiceManager = {
  title: 'systemd',
  definitionPath: `/etc/systemd/system/${unitName}`,
  plan: {
    install: ({ program, root, starts }) => [
      write(definitionIn(root), systemdUnit({ program })),
      ...whenRunning(root, 'daemon-reload'),
      systemctl(root, 'enable', unitName),
      // One that runs already has an older unit.
      ...(starts ? whenRunning(root, 'restart', unitName) : []),
    ],
    uninstall: ({ root }) => [
      ...whenRunning(root, 'stop', unitName),
      systemctl(root, 'disable', unitName),
      remove(definitionIn(root)),
      ...whenRunning(root, 'daemon-reload'),
    ],
    start: ({ root }) => whenRunning(root, 'start', unitName),
    stop: ({ root }) => whenRunning(root, 'stop', unitName),
  },
  statusCommand: ['systemctl', 'status', '--no-pager', unitName],
}

/** Where units lie that an operator has installed. */
function definitionIn(root: string | undefined): string {
  return join(root ?? '/', systemd.definitionPath)
}

function systemctl(root: string | undefined, ...words: readonly string[]): PlanStep {
  return root === undefined ? run('systemctl', ...words) : run('systemctl', `--root=${root}`, ...words)
}

/** In a folder nobody runs who could be asked. */
function whenRunning(root: string | undefined, ...words: readonly string[]): readonly PlanStep[] {
  return root === undefined ? [systemctl(root, ...words)] : []
}
