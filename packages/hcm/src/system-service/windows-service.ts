import { remove, run, write } from './plan-step.ts'
import type { ServiceManager } from './service-manager.ts'
import { xmlText } from './xml-text.ts'

const folder = String.raw`C:\ProgramData\Postern`
const stateFolder = String.raw`${folder}\hcm`
const wrapper = String.raw`${folder}\service\postern-hcm.exe`
const definitionPath = String.raw`${folder}\service\postern-hcm.xml`

/**
 * The service manager of Windows. It starts only programs that speak to it, which Node does not: WinSW, renamed, stands
 * between. Made from the manuals; it has not been run.
 */
export const windowsService: ServiceManager = {
  title: 'the service manager of Windows',
  definitionPath,
  plan: {
    install: ({ program, starts }) => [
      write(definitionPath, definition(program)),
      // LocalService, SYSTEM and the administrators, by the ids that do not depend on the language; nobody else.
      run('cmd.exe', '/c', 'if', 'not', 'exist', stateFolder, 'mkdir', stateFolder),
      run('icacls.exe', stateFolder, '/inheritance:r', '/grant:r', ...owners),
      run(wrapper, 'install'),
      ...(starts ? [run(wrapper, 'start')] : []),
    ],
    uninstall: () => [run(wrapper, 'stop'), run(wrapper, 'uninstall'), remove(definitionPath)],
    start: () => [run(wrapper, 'start')],
    stop: () => [run(wrapper, 'stop')],
  },
  statusCommand: ['sc.exe', 'query', 'postern-hcm'],
  needs: { path: wrapper, help: 'put WinSW 2.12 or newer there (https://github.com/winsw/winsw), with this name' },
}

const owners = ['*S-1-5-19:(OI)(CI)F', '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F']

function definition([executable, ...args]: readonly string[]): string {
  const words = [...args, 'run', '--state-dir', stateFolder].map(windowsWord).join(' ')
  return `<service>
  <id>postern-hcm</id>
  <name>Postern Hybrid Connection Manager</name>
  <description>Leads the senders of hybrid connections to services that this machine reaches.</description>
  <executable>${xmlText(executable ?? '')}</executable>
  <arguments>${xmlText(words)}</arguments>
  <startmode>Automatic</startmode>
  <delayedAutoStart>true</delayedAutoStart>
  <serviceaccount>
    <username>NT AUTHORITY\\LocalService</username>
  </serviceaccount>
  <onfailure action="restart" delay="1 sec"/>
  <onfailure action="restart" delay="5 sec"/>
  <onfailure action="restart" delay="30 sec"/>
  <resetfailure>1 hour</resetfailure>
  <stoptimeout>30 sec</stoptimeout>
  <log mode="none"/>
</service>
`
}

/** Programs of Windows get one line and take it apart themselves. */
function windowsWord(word: string): string {
  return /[\s"]/.test(word) ? `"${word.replaceAll('"', String.raw`\"`)}"` : word
}
