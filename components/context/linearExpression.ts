import { type Before, type Step, stepsOf } from "./expressionSteps";

/** How much may be remembered of what was met: then it is met anew. */
const mostRemembered = 50_000;

/**
 * A regular expression of the forms that patterns of `.dockerignore` become, matched against a whole text in a time that grows
 * with its length alone, as Go's are. JavaScript's try all ways to share a text among the wildcards: with five of them,
 * seconds for one name.
 *
 * It is at several positions of the expression at once. Such a set of positions, and what each character leads to from there, is
 * remembered for the next name.
 *
 * @see https://swtch.com/~rsc/regexp/regexp1.html
 */
export class LinearExpression {
  private readonly steps: readonly Step[];
  private readonly first: State = { positions: [0], before: "start", isLost: false, next: [] };
  private states = new Map<string, State>();
  private remembered = 0;

  /** @throws Error of what is no expression. */
  constructor(source: string) {
    this.steps = stepsOf(source);
  }

  test(text: string): boolean {
    let state = this.first;
    for (let at = 0; at < text.length && !state.isLost; at += 1) {
      const code = text.codePointAt(at) ?? 0;
      // One character, and two of JavaScript's.
      at += code > 0xffff ? 1 : 0;
      state = state.next[code] ?? this.advance(state, code);
    }
    return this.reached(state, undefined).has(this.steps.length);
  }

  private advance(state: State, code: number): State {
    const character = String.fromCodePoint(code);
    const positions = [...this.reached(state, character)].flatMap((position) => {
      const step = this.steps[position];
      return step?.kind === "character" && step.matches(character) ? [position + 1] : [];
    });
    const next = this.stateAt(
      positions.sort((a, b) => a - b),
      isWord(character) ? "word" : "other",
    );
    state.next[code] = next;
    return next;
  }

  private stateAt(positions: readonly number[], before: Before): State {
    const key = `${before} ${positions.join()}`;
    this.remembered += 1 + (this.states.has(key) ? 0 : positions.length);
    if (this.remembered > mostRemembered) {
      this.states = new Map();
      this.first.next = [];
      this.remembered = 0;
    }
    const state = this.states.get(key) ?? { positions, before, isLost: positions.length === 0, next: [] };
    this.states.set(key, state);
    return state;
  }

  /** All positions that are reached before this character, or before the end, without taking it. */
  private reached({ positions, before }: State, character: string | undefined): Set<number> {
    const seen = new Set<number>();
    const open = [...positions];
    for (let position = open.pop(); position !== undefined; position = open.pop()) {
      if (seen.has(position)) {
        continue;
      }
      seen.add(position);
      const step = this.steps[position];
      if (step?.kind === "jump") {
        open.push(...step.to);
      } else if (step?.kind === "assertion" && step.holds(before, character !== undefined && isWord(character))) {
        open.push(position + 1);
      }
    }
    return seen;
  }
}

interface State {
  positions: readonly number[];
  before: Before;
  /** Nothing that follows can match. */
  isLost: boolean;
  /** By the number of the character. */
  next: State[];
}

function isWord(character: string): boolean {
  return /^\w$/.test(character);
}
