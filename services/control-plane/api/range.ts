import { ApiError } from "./errors.ts";

/** A part of a list, as Heroku pages it. */
interface Page<T> {
  readonly items: readonly T[];
  /** 206 when there is more. */
  readonly status: 200 | 206;
  readonly headers: Readonly<Record<string, string>>;
}

const DEFAULT_MAX = 200;
const HIGHEST_MAX = 1000;

interface Range {
  readonly field: string;
  /** Where the page begins; exclusive after `]`. */
  readonly from: string;
  readonly exclusive: boolean;
  readonly to: string;
  readonly max: number;
  readonly descending: boolean;
}

/**
 * Takes the page that a `Range` header asks for, e.g. `version ..; max=15, order=desc`.
 *
 * @param fields by which a list can be sorted; the first is the default
 */
export function page<T extends Record<string, unknown>>(
  items: readonly T[],
  header: string | undefined,
  fields: readonly (keyof T & string)[],
): Page<T> {
  const range = parse(header, fields);
  const sorted = items.toSorted((a, b) => compare(a[range.field], b[range.field]));
  if (range.descending) sorted.reverse();
  const within = sorted.filter((item) => inside(item[range.field], range));
  const taken = within.slice(0, range.max);
  const [first, last] = [taken[0], taken.at(-1)];
  if (first === undefined || last === undefined) return { items: [], status: 200, headers: {} };
  const bounds = `${range.field} ${first[range.field]}..${last[range.field]}`;
  const order = range.descending ? ", order=desc" : "";
  const more = within.length > taken.length;
  return {
    items: taken,
    status: more ? 206 : 200,
    headers: {
      "Content-Range": bounds,
      "Accept-Ranges": fields.join(", "),
      ...(more && { "Next-Range": `${range.field} ]${last[range.field]}..${range.to}; max=${range.max}${order}` }),
    },
  };
}

function parse(header: string | undefined, fields: readonly string[]): Range {
  const [bounds = "", ...rest] = (header ?? "").split(";");
  const options = rest.join(",").split(",");
  const option = (name: string) =>
    options
      .map((each) => each.trim().split("="))
      .find(([key]) => key?.trim() === name)?.[1]
      ?.trim();
  const text = bounds.trim() === "" ? `${fields[0]} ..` : bounds.trim();
  const [, field = "", exclusive = "", from = "", to = ""] = /^(\w+)\s+(\]?)(.*?)\.\.(.*)$/.exec(text) ?? [];
  const max = Number(option("max") ?? DEFAULT_MAX);
  if (!fields.includes(field) || !Number.isInteger(max) || max < 1 || max > HIGHEST_MAX) {
    throw new ApiError(
      416,
      "requested_range_not_satisfiable",
      `Use a range over ${fields.join(" or ")} with max from 1 to ${HIGHEST_MAX}.`,
    );
  }
  return { field, from, exclusive: exclusive === "]", to, max, descending: option("order") === "desc" };
}

function inside(value: unknown, { from, exclusive, to, descending }: Range): boolean {
  const sign = descending ? -1 : 1;
  const begins = from === "" ? 1 : sign * compare(value, from);
  const ends = to === "" ? -1 : sign * compare(value, to);
  return (exclusive ? begins > 0 : begins >= 0) && ends <= 0;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number") return a - Number(b);
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}
