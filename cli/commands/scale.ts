import { UserError } from "../../services/errors.ts";
import { findTarget } from "../api-client.ts";
import { action, print } from "../output.ts";
import { appOption, type Command } from "./command.ts";

interface Formation {
  readonly type: string;
  readonly quantity: number;
  readonly size: string;
}

export const scaleCommand: Command = {
  summary: "set how many dynos of a type there are, and their size",
  help: `Usage: dynoform scale [TYPE=QUANTITY[:SIZE]…] [-a APP]

Without arguments it shows the formation.

  dynoform scale web=2 worker=1     so many
  dynoform scale web+1 worker-1     one more, one fewer
  dynoform scale web=1:standard-2x  another size too
`,
  options: appOption,
  positionals: "arguments",
  async run(values, args) {
    const updates = args.map(readUpdate);
    const { api, app } = await findTarget(process.cwd(), values.app);
    const path = `/apps/${app}/formation`;
    if (updates.length === 0) {
      const { body } = await api.ask("GET", path);
      if (body.length === 0) throw new UserError(`No process types on ${app}. Deploy it first.`);
      print(body.map(({ type, quantity, size }: Formation) => `${type}=${quantity}:${size}`).join(" "));
      return;
    }
    const now = (changed: readonly Formation[]) =>
      changed.map(({ type, quantity, size }) => `${type} at ${quantity}:${size}`).join(", ");
    await action(
      "Scaling dynos",
      () => api.ask("PATCH", path, { updates }),
      ({ body }) => `, now running ${now(body)}`,
    );
  },
};

function readUpdate(arg: string): { type: string; quantity: string; size?: string } {
  const [, type, sign, digits, size] = /^([A-Za-z][\w-]*?)([=@+-])(\d+)(?::([\w-]+))?$/.exec(arg) ?? [];
  if (type === undefined) throw new UserError(`${arg} is no scaling. Write web=2, web+1 or web=2:standard-1x.`);
  const quantity = sign === "+" || sign === "-" ? `${sign}${digits}` : `${digits}`;
  return { type, quantity, ...(size !== undefined && { size }) };
}
