import { remove, run, write } from './plan-step.ts'
import type { ServiceManager } from './service-manager.ts'
import { xmlText } from './xml-text.ts'

const label = 'org.postern.hcm'
const definitionPath = `/Library/LaunchDaemons/${label}.plist`

/** launchd of macOS. Made from its manual; it has not been run. */
export const launchd: ServiceManager = {
  title: 'launchd',
  definitionPath,
  plan: {
    install: ({ program, starts }) => [
      write(definitionPath, propertyList(program)),
      ...(starts ? [run('launchctl', 'bootstrap', 'system', definitionPath)] : []),
    ],
    uninstall: () => [run('launchctl', 'bootout', `system/${label}`), remove(definitionPath)],
    // With KeepAlive a stopped one would be started again: it is taken out instead.
    start: () => [run('launchctl', 'bootstrap', 'system', definitionPath)],
    stop: () => [run('launchctl', 'bootout', `system/${label}`)],
  },
  statusCommand: ['launchctl', 'print', `system/${label}`],
}

function propertyList(program: readonly string[]): string {
  const words = [...program, 'run', '--state-dir', '/var/lib/postern-hcm']
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${xmlText(word)}</string>`).join('\n')}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ThrottleInterval</key>
  <integer>2</integer>
  <key>ExitTimeOut</key>
  <integer>30</integer>
  <key>ProcessType</key>
  <string>Interactive</string>
  <key>Umask</key>
  <integer>63</integer>
</dict>
</plist>
`
}
