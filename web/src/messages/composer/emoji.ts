/** Groups of emoji, each with the names that it is found by. */
export const EMOJI: readonly (readonly [group: string, items: string])[] = [
  [
    'Faces',
    '😀 grin happy, 😃 smile open, 😄 laugh happy, 😁 beam grin, 😅 sweat relief, 😂 tears joy laugh, 🤣 rolling laugh, 😊 blush smile, 😇 angel halo, 🙂 slight smile, 🙃 upside down, 😉 wink, 😍 heart eyes love, 🥰 hearts love, 😘 kiss, 😋 yum tasty, 😜 tongue wink, 🤪 zany crazy, 🤗 hug, 🤭 giggle hand, 🤫 quiet shush, 🤔 thinking, 🤐 zipper mouth, 😐 neutral, 😑 expressionless, 😏 smirk, 😒 unamused, 🙄 eye roll, 😬 grimace, 😌 relieved, 😔 pensive sad, 😴 sleep, 😷 mask ill, 🤒 thermometer ill, 🤢 nausea, 🤧 sneeze, 🥵 hot, 🥶 cold, 🥳 party celebrate, 😎 cool sunglasses, 🤓 nerd, 😕 confused, 🙁 frown sad, 😮 surprised wow, 😲 astonished, 😳 flushed, 🥺 pleading, 😢 cry sad, 😭 sob cry, 😱 scream fear, 😤 huff, 😡 angry, 🤬 swear angry, 😈 devil, 💀 skull dead, 💩 poo, 🤡 clown, 👻 ghost, 👽 alien, 🤖 robot',
  ],
  [
    'Gestures',
    '👍 thumbs up yes, 👎 thumbs down no, 👌 ok, ✌️ victory peace, 🤞 fingers crossed luck, 🤟 love you, 🤘 rock, 👋 wave hello, 🙌 raise hands hooray, 👏 clap, 🙏 thanks pray please, 🤝 handshake deal, 💪 strong muscle, 👀 eyes look, 🫶 heart hands, 🤷 shrug, 🤦 facepalm, 🙋 raise hand, 💁 tip hand, 🧠 brain, 👉 point right, 👈 point left, 👆 point up, 👇 point down, ✊ fist, 👊 bump fist',
  ],
  [
    'Hearts and signs',
    '❤️ red heart love, 🧡 orange heart, 💛 yellow heart, 💚 green heart, 💙 blue heart, 💜 purple heart, 🖤 black heart, 🤍 white heart, 💔 broken heart, 💯 hundred, ✅ check done, ☑️ check, ❌ cross no, ❗ exclamation, ❓ question, ⚠️ warning, 🚀 rocket launch, 🔥 fire hot, ✨ sparkles, ⭐ star, 🎉 party tada, 🎊 confetti, 💡 idea bulb, 🔔 bell, 💤 sleep, 💬 speech, ➕ plus, ➖ minus, ♻️ recycle, 🆗 ok',
  ],
  [
    'Nature and food',
    '🐶 dog, 🐱 cat, 🦊 fox, 🐻 bear, 🐼 panda, 🐸 frog, 🐵 monkey, 🙈 see no evil, 🐔 chicken, 🐧 penguin, 🦄 unicorn, 🐝 bee, 🦋 butterfly, 🐢 turtle, 🐙 octopus, 🐳 whale, 🌸 blossom, 🌹 rose, 🌻 sunflower, 🌳 tree, 🍀 clover luck, 🌍 earth world, 🌙 moon, ☀️ sun, ⛅ cloud, 🌈 rainbow, ☔ rain, ❄️ snow, 🍎 apple, 🍌 banana, 🍓 strawberry, 🍕 pizza, 🍔 burger, 🍟 fries, 🌮 taco, 🍜 noodles, 🍣 sushi, 🍰 cake, 🎂 birthday cake, 🍪 cookie, 🍫 chocolate, ☕ coffee, 🍵 tea, 🍺 beer, 🍷 wine, 🥂 cheers',
  ],
  [
    'Things and places',
    '⚽ football, 🏀 basketball, 🎾 tennis, 🏆 trophy, 🎮 game, 🎲 dice, 🎵 music, 🎸 guitar, 🎬 film, 📷 camera, 📱 phone, 💻 computer, ⌨️ keyboard, 🖨️ printer, 📚 books, ✏️ pencil, 📎 clip, 📌 pin, 📅 calendar, ⏰ alarm clock, ⏳ hourglass wait, 🔒 lock, 🔑 key, 🔧 wrench, 🔨 hammer, 💰 money, 🎁 gift, 📦 package, ✉️ mail, 🏠 house home, 🏢 office, 🏖️ beach, ⛰️ mountain, 🚗 car, 🚲 bicycle, 🚆 train, ✈️ plane, ⛵ boat, 🎈 balloon, 🛏️ bed',
  ],
];
