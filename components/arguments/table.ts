import type * as pulumi from "@pulumi/pulumi";

/**
 * Tables of arguments: their names, and what is given for each. They are typed by the arguments' own types, so that a name that
 * is missing in one, or is none, fails to compile.
 */

/** What JavaScript can tell of a value. "any": several of these, or one that is looked at elsewhere. */
export type Kind = "text" | "flag" | "number" | "list" | "record" | "any";

/** "plain": an output is not taken, because it is needed while the program runs. */
export type Argument = Kind | `plain ${Kind}` | ArgumentTable | readonly [ArgumentTable];

export interface ArgumentTable {
  readonly [name: string]: Argument;
}

/** The table of a type of arguments; of a union, with the names of all its members. */
export type ArgumentsOf<T> = { readonly [K in KeysOf<T> & string]: ArgumentOf<FieldOf<T, K>> };

type KeysOf<T> = T extends unknown ? keyof T : never;
type FieldOf<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never;

/** What an argument is without the forms in which Pulumi takes it before it is known. */
type KnownOf<T> = Exclude<T, undefined | Promise<unknown> | pulumi.OutputInstance<unknown>>;
type Prefix<T> = Extract<T, Promise<unknown>> extends never ? "plain " : "";

type ArgumentOf<T> = FormOf<KnownOf<T>, Prefix<T>> | "any";

type FormOf<V, P extends string> = [V] extends [boolean]
  ? `${P}flag`
  : [V] extends [number]
    ? `${P}number`
    : [V] extends [string]
      ? `${P}text`
      : [V] extends [readonly (infer Entry)[]]
        ? `${P}list` | readonly [ArgumentsOf<Extract<KnownOf<Entry>, object>>]
        : [V] extends [object]
          ? string extends keyof V
            ? `${P}record`
            : ArgumentsOf<V>
          : never;
