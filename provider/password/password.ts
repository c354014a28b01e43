import { randomBytes, randomInt } from "node:crypto";
import { Secret } from "../../engine/src/values/values.ts";
import { integer, type ResourceDefinition, withDefault } from "../kit/index.ts";

/** Letters and digits only, so that a password needs no quoting in a URL or a shell. */
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

type Inputs = { length: number };
type Outputs = { length: number; result: Secret };

/** A random password, kept as a secret of the state. 32 characters are 190 bits. */
export const password: ResourceDefinition<Inputs, Outputs> = {
  inputs: { length: withDefault(integer({ min: 16, max: 128 }), 32) },
  computed: ["result"],
  replaceOn: "all",
  async create({ length }) {
    const characters = Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length)));
    return { id: randomBytes(8).toString("hex"), outputs: { length, result: new Secret(characters.join("")) } };
  },
};
