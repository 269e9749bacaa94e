import { RelayError } from '@postern/protocol'
import type { Command } from 'commander'
import { bashCompletion } from './bash.ts'
import { type CommandNode, commandTree } from './command-tree.ts'
import { fishCompletion } from './fish.ts'
import { zshCompletion } from './zsh.ts'

const shells: Readonly<Record<string, (tree: readonly CommandNode[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

/** Adds `postern completion`. The script knows every command of this version; it asks nobody when a key is pressed. */
export function configureCompletionCommand(completion: Command, wholeCli: () => Promise<Command>): void {
  completion.argument('<SHELL>', Object.keys(shells).join(', ')).addHelpText(
    'after',
    `
Examples:
  source <(postern completion bash)                                    this shell; in ~/.bashrc: every shell
  postern completion zsh > "\${fpath[1]}/_postern"
  postern completion fish > ~/.config/fish/completions/postern.fish`,
  )
  completion.action(async (shell: string) => {
    const script = Object.hasOwn(shells, shell) ? shells[shell] : undefined
    if (!script) {
      throw new RelayError('InvalidConfiguration', {
        message: `There is no completion for "${shell}"; there is for ${Object.keys(shells).join(', ')}`,
      })
    }
    process.stdout.write(script(commandTree(await wholeCli())))
  })
}
