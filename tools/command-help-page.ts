import { createWholeCli } from '../packages/cli/src/create-cli.ts'
import { managedCommands } from '../packages/cli/src/manage/command-table.ts'
import { programName } from '../packages/cli/src/program-name.ts'

/** Columns of the page. */
const helpWidth = 120

/** What `--help` prints for every command of `postern` that is not in the table of managing commands, one after another. */
export async function commandHelpMarkdown(): Promise<string> {
  const managed = new Set(managedCommands.map(({ words }) => words))
  const sections = leaves(await createWholeCli(), '')
    .filter(({ words }) => !managed.has(words))
    .map(({ words, command }) => `## postern ${words}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``)
  return `${sections.join('\n\n')}\n`
}

type Command = Awaited<ReturnType<typeof createWholeCli>>

interface Leaf {
  readonly words: string
  readonly command: Command
}

/** Commands that do something themselves, in the order of the list of commands. */
function leaves(command: Command, words: string): readonly Leaf[] {
  const below = command.commands.flatMap((each) => leaves(each, `${words} ${each.name()}`.trim()))
  return below.length === 0 || (command.options.length > 0 && words !== '') ? [{ words, command }, ...below] : below
}

function helpOf(command: Command): string {
  let text = ''
  command
    .configureOutput({
      writeOut: (part) => {
        text += part
      },
      getOutHelpWidth: () => helpWidth,
    })
    .outputHelp()
  return text.replaceAll(programName(), 'postern').trim()
}
