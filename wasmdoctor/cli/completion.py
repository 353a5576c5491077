"""``wasmdoctor completion``."""

from __future__ import annotations

import click

from wasmdoctor.cli.output import write


@click.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Install it:
      wasmdoctor completion bash > ~/.local/share/bash-completion/completions/wasmdoctor
      wasmdoctor completion zsh  > "${fpath[1]}/_wasmdoctor"
      wasmdoctor completion fish > ~/.config/fish/completions/wasmdoctor.fish
    """
    from click.shell_completion import get_completion_class

    from wasmdoctor.cli import cli

    kind = get_completion_class(shell)
    assert kind is not None
    write(kind(cli, {}, "wasmdoctor", "_WASMDOCTOR_COMPLETE").source(), None)
