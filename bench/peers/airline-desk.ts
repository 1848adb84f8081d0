import type { AgentInputItem } from '@openai/agents-core';

import { type Random, randomFor } from '../../tools/torture/random.ts';

/** What one run of an agent adds: a question, perhaps calls with their results, an answer. */
export type RunItems = readonly AgentInputItem[];

/**
 * Conversations at the desk of an airline, as agents really have them: short questions, answers, tool
 * calls with small arguments, results of some hundred characters; about 26 items each, of 417 bytes of
 * JSON. Made up, and the same each time.
 */
export function airlineTranscripts(count: number): RunItems[][] {
  return Array.from({ length: count }, (_, index) => transcript(randomFor('airline', index)));
}

function transcript(random: Random): RunItems[] {
  const traveller = travellerOf(random);
  const runs = random.from(4, 6);
  return Array.from({ length: runs }, (_, run) => [
    { type: 'message', role: 'user', content: question(random, run, traveller) },
    ...Array.from({ length: random.from(0, 3) }, () => call(random, traveller)).flat(),
    answer(random, traveller),
  ]);
}

interface Traveller {
  readonly id: string;
  readonly reservation: string;
}

const names = [
  'mia',
  'omar',
  'sofia',
  'raj',
  'yusuf',
  'emma',
  'liam',
  'noah',
  'aarav',
  'chen',
] as const;
const families = ['li', 'davis', 'kim', 'moore', 'rossi', 'brown', 'ahmed', 'silva'] as const;
const airports = ['JFK', 'SFO', 'SEA', 'ORD', 'DFW', 'ATL', 'BOS', 'LAX', 'DEN', 'PHX'] as const;
const cabins = ['basic_economy', 'economy', 'business'] as const;

function travellerOf(random: Random): Traveller {
  const id = `${random.pick(names)}_${random.pick(families)}_${random.from(1000, 9999)}`;
  return { id, reservation: letters(random, 6) };
}

function question(random: Random, run: number, { id, reservation }: Traveller): string {
  if (run === 0) return random.pick(openings).replace('#', reservation);
  return random.pick(questions).replace('#', reservation).replace('@', id);
}

const openings = [
  'Hi, I need to change the return flight of reservation #.',
  'Hello! My flight was delayed yesterday and I would like to know what I am entitled to.',
  'I want to cancel my trip. Can you help me with that?',
  'Could you add one more checked bag to #, please? My sister is coming along after all.',
] as const;

const questions = [
  'My user id is @.',
  'Yes, please go ahead.',
  'The reservation number is #.',
  'No, I would rather keep the morning flight if there is still a seat in the same cabin.',
  'How much is it with insurance? And can you use the gift card first, then my credit card?',
  'What about the next day, a nonstop flight and nothing that leaves before eight?',
  'I do not want to pay that. I have gold status, so it should be free, as it was last time.',
  'Thank you, that is all.',
] as const;

function answer(random: Random, { reservation }: Traveller): AgentInputItem {
  const sentences = Array.from({ length: random.from(1, 4) }, () => random.pick(answers));
  const text = sentences
    .join(' ')
    .replaceAll('#', reservation)
    .replaceAll('$', `$${random.from(25, 900)}`)
    .replaceAll('%', `HAT${random.from(100, 299)}`);
  const content = [{ type: 'output_text' as const, text }];
  return { type: 'message', role: 'assistant', status: 'completed', content };
}

const answers = [
  'I have found your reservation #: two passengers, economy, with one checked bag each.',
  'The flight % leaves at 08:00 and arrives at 11:30, and there are nine seats left.',
  'Changing it would cost $, to be paid with the credit card in your profile that ends with 4421.',
  'Because the reservation was made more than 24 hours ago and has no insurance, I cannot refund it.',
  'Would you like me to go ahead (yes or no)?',
  'May I have your user id, so that I can look it up?',
  'I have issued a certificate of $ for the inconvenience, which you can use for your next booking.',
  'Is there anything else that I can help you with today?',
] as const;

function call(random: Random, traveller: Traveller): AgentInputItem[] {
  const called = random.pick<Call>([userDetails, reservationDetails, searchFlights]);
  const { name, args, output } = called(random, traveller);
  const callId = `call_${letters(random, 24)}`;
  const status = 'completed';
  return [
    { type: 'function_call', callId, name, status, arguments: JSON.stringify(args) },
    {
      ...{ type: 'function_call_result' as const, name, callId, status },
      output: { type: 'text' as const, text: JSON.stringify(output) },
    },
  ];
}

type Call = (random: Random, traveller: Traveller) => Called;

interface Called {
  readonly name: string;
  readonly args: object;
  readonly output: object;
}

function userDetails(random: Random, { id, reservation }: Traveller): Called {
  const [name = '', family = ''] = id.split('_');
  return {
    name: 'get_user_details',
    args: { user_id: id },
    output: {
      name: { first_name: name, last_name: family },
      address: { address1: `${random.from(1, 999)} Oak Street`, city: 'Denver', zip: '80201' },
      email: `${id}@example.com`,
      dob: `19${random.from(50, 99)}-0${random.from(1, 9)}-1${random.from(0, 9)}`,
      payment_methods: {
        [`credit_card_${random.from(1e6, 9e6)}`]: { source: 'credit_card', last_four: '4421' },
        [`gift_card_${random.from(1e6, 9e6)}`]: {
          source: 'gift_card',
          amount: random.from(20, 300),
        },
      },
      membership: random.pick(['regular', 'silver', 'gold']),
      reservations: [reservation, letters(random, 6), letters(random, 6)],
    },
  };
}

function reservationDetails(random: Random, { id, reservation }: Traveller): Called {
  return {
    name: 'get_reservation_details',
    args: { reservation_id: reservation },
    output: {
      reservation_id: reservation,
      user_id: id,
      flight_type: random.pick(['one_way', 'round_trip']),
      cabin: random.pick(cabins),
      flights: Array.from({ length: random.from(3, 5) }, () => flight(random)),
      passengers: [{ first_name: 'Ada', last_name: 'Moore', dob: '1979-04-12' }],
      total_baggages: random.from(0, 4),
      insurance: random.pick(['yes', 'no']),
    },
  };
}

function searchFlights(random: Random): Called {
  const [origin, destination] = [random.pick(airports), random.pick(airports)];
  return {
    name: 'search_direct_flight',
    args: { origin, destination, date: `2024-05-${random.from(10, 30)}` },
    output: Array.from({ length: random.from(6, 9) }, () => ({
      ...flight(random),
      available_seats: { economy: random.from(0, 20), business: random.from(0, 20) },
    })),
  };
}

function flight(random: Random) {
  return {
    flight_number: `HAT${random.from(100, 299)}`,
    origin: random.pick(airports),
    destination: random.pick(airports),
    date: `2024-05-${random.from(10, 30)}`,
    price: random.from(50, 900),
  };
}

function letters(random: Random, count: number): string {
  const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ0123456789';
  return Array.from({ length: count }, () => alphabet[random.from(0, alphabet.length - 1)]).join(
    '',
  );
}
