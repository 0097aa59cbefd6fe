import type { Outputs } from "./settings";
import type { World } from "./world";

/** What only a real account can answer. */
export interface Answer {
  question: string;
  answer: string;
}

interface Question {
  question: string;
  ask: (world: World, outputs: Outputs) => Promise<string>;
}

/** Each answer is a fact for the report, whatever it is: none of them makes a run fail. */
export const questions: readonly Question[] = [
  {
    question: "Which consoles does the kernel of Debian's image have, and in which order?",
    ask: async (world) => {
      const [, options] = /Command line: (.*)/.exec(await world.console()) ?? [];
      const consoles = options?.match(/console=\S+/g);
      return consoles?.join(" ") ?? (options ? "none is named" : "its console does not show the command line yet");
    },
  },
  {
    question: "How long does each part of a first boot take?",
    ask: async (world) => {
      const lines = [...(await world.console()).matchAll(/multi-platform-image: (.* at [\d.]+ s)/g)];
      return lines.map(([, said]) => said).join("; ") || "its console does not show it yet";
    },
  },
  {
    question: "Is ssm:GetParameter of NAME:VERSION checked against parameter/NAME?",
    ask: async (world, { builderName }) => {
      if (!world.hasDocumentedPolicies) {
        return "not asked: it needs --with-documented-policies";
      }
      const name = `/multi-platform-image/${builderName}/lease:1`;
      return world.parameterAsCaller(name).then(
        () => "yes: it is allowed",
        (error: Error) => (error.name === "AccessDeniedException" ? "no: AWS refuses it" : `unknown: ${error.name}`),
      );
    },
  },
  {
    question: "Does AuthorizeSecurityGroupIngress ask for security-group-rule/*?",
    ask: (world) =>
      Promise.resolve(
        world.hasDocumentedPolicies
          ? "no: the first build has let this machine in, with security-group/* alone"
          : "not asked: it needs --with-documented-policies",
      ),
  },
  {
    question: "Which kind of address does checkip.amazonaws.com answer with?",
    ask: async (world) => `IPv${await world.addressFamily()}`,
  },
];

/** Of launches from a template, which are there once nodes are ephemeral. */
export const launchQuestions: readonly Question[] = [
  {
    question: "Does a fleet's launch tell of its template, of its tags, and of no network interface that was there?",
    ask: (world) =>
      Promise.resolve(
        world.hasDocumentedPolicies
          ? "yes: ephemeral nodes were launched with build-ephemeral alone"
          : "not asked: it needs --with-documented-policies",
      ),
  },
  ...(["image", "network-interface"] as const).map((part) => ({
    question: `Does a fleet's launch meet ec2:IsLaunchTemplateResource for its ${part}?`,
    ask: async (world: World) => {
      if (!world.hasDocumentedPolicies) {
        return "not asked: it needs --with-documented-policies";
      }
      return (await world.isOfTemplate(part)) ? "yes: it is allowed" : "no: AWS refuses it";
    },
  })),
];

export async function askAll(world: World, outputs: Outputs, asked = questions): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { question, ask } of asked) {
    const answer = await ask(world, outputs).catch((error: Error) => `could not be asked: ${error.message}`);
    answers.push({ question, answer });
  }
  return answers;
}
