/**
 * Voice notes of constant bit rate: a tone of 1.6 seconds that is quiet, loud, quiet and loud again, each for 0.4 seconds. Made
 * here, and encoded with libopus, LAME and FFmpeg.
 */

/** Opus in Ogg, as speech is encoded (SILK): 8 kbit/s. */
export const opusOfSpeech = (): Buffer =>
  Buffer.from(
    [
      'T2dnUwACAAAAAAAAAAAAAAAAAAAAAEkq9qABE09wdXNIZWFkAQE4AYA+AAAAAABPZ2dTAAAAAAAAAAAAAAAAAAABAAAASZW+VAEuT3B1c1RhZ3MGAAAA',
      'ZmZtcGVnAQAAABQAAABlbmNvZGVyPUxhdmMgbGlib3B1c09nZ1MAAIC7AAAAAAAAAAAAAAIAAAANELrpMhQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU',
      'FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUCAPYw6sl4ltP8KiEsSAoMKQc7GgLAYneZtdtV6Q9sLeo8Wc5CWhdgAiK4qznkV9WQdygNJmWltFmbBLwCIn7',
      '5tQCRLoRtzpUeiGicsn0kvALATc6EpOVkp1WD8PLgW2ILTzaUAgFZYQ+tpT52XpisofpLdJQUjpgCAVuVuG1pOUCdQjqTtAbK6aq5dgINxPjlFO72CwI',
      'Fj7l79XhrF6khQtBADb2cBgmL8ndNrXS0qFEmApQCwE2Wo1t5yawo/pCt4isbSBgBlgLAQTW9xs+Eyt26+AUrdQawLx4gAtBADNMJSlv3n1w1CsKJct3',
      'trWACDW0B1tdLm5JA5lU9QbxnkH2ao4LATUR+/K/uBmYfNFbyuQsB84JBwsBNoIpzcbsYynS8hfEyU9jE8/gC0EABWjYVoR+ToRuQZ+to7M5/MoIBUw9',
      '1BRRe3BvcBEq7+WCdWVVgAsBNjvi0kIsInxwd+Gwber3MgewCwEFCuAIQH2nzsvduAjdVlr6mkAINSAdmTaTCqj5hv3L5RD5lkuqwAsBhHtqPhPp366A',
      'YAOyKsjB1uVLC0EAhaXrvPST20prg0qOMqL+IqQIhZlZBhJY1YZz9CAjg2vrhDr/QAiXTqmpaf42mHazFMJ41RGUqvliCIWiQQP6N3f4Z09xAgJl3P7W',
      'uCQIlxJpbe3vXbvTDv8NhEs0AXA8jgiXRWJvCDC3iGCXkNdo41CXMaNgCJdg6SEn+o0tlXR+04Mdbkw/15AIluZtFREsaIwCYn9iaNPZH6DOgAsBlyRn',
      'FFVJLOmxUoFAHquqaSOhC0EBhYW1dB/g8ptpN3HnSro6iwALAZauIWVjc1vbGYaNQ6iZe+ESAgsBu/teuMkrT20MTZmpWZ27rd/UCwG8Ij1oeczBx9Rs',
      '8VUUP/tN/qALAbwxntuX01FgFF0b7jEK3H1iaQi7+J1od4rclsW1fa/+GdpCN3ZCC0EAvEw2rCGxa3kIbGnbu01EKAgIvL9ztS1iqvJ/blzeNHqQjLqE',
      'QAsBvEfzJtpPJXb1IvvdsLotAW5AC0EAvFxTRef/ZJ/HA/LfQYScbaALAbzmVCZrXZUbyVYwUHOt9/tG7AtBAj9asATEfDD6oU4lBSZAgAAACAV9GdYt',
      '8MLhgZrGIpo5DM2tNVwLAQVlwG/f2diKVZcKNPxz1OAEIAtBADLVUPrJKZNQzZP9wu7gHMDICwEFIN/1Pu4RibCrRagONi4lrKALQQAFOg4M3nk2Q+/w',
      'Gj3MGcuagAg2nFnUMBfr1f9StRjg9IFbmcTgCwE2PU0mNZGNG97ILH2Bq4kUCXILATR7U9pe+BqSFIEEc2k2o+/IqE9nZ1MABDgtAQAAAAAAAAAAAAMA',
      'AAA22U+uHxQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQINVRe+5l38puhlYl5b2xskmp2fAsBNHgM5yuG+mKaRDGRiHzwDZmACwEFCuAIWTvk',
      'FLCoeR+lzyi0tHgLATWnP0jAR8KjUm8AsZzLnBFRfgsBBQLODMVU4QOzJPsaeNP2BN1KCAUK4AhGDa7qedfw59Judl/Ax4ALATaCKc04f0u5WvfQ1THb',
      'I/PwwAtBAjL9qGuoUZh1lmVNb8UtuQAACAUK4Af8JgIfNjpfuhQG8EHb3YALQQA2ginNBb1/ff1+3DKnyqntXQiEwcpM8zPza5BrSd3/1+4tShawCIWb',
      'I1lN539yqubj0AdIWb4jQYALAZcIcVWgrWF9bygCYmPPjUgCdAtBAIWrr25mITBzB0TxBC/yJjbyCJeM2SEpIo7eE1xU/OVdWCkxAdgIlxdgwY9N2B3D',
      'vuzIrCqW48s0JgsBlxUGy9C5JOn/jGb8qbQ1GnwgCIWIY8SQ9UNy5WhlHuNlztCM/AwLAZbwTwsbYpcRnDPu13BUVAsoEAtBAbwiOuPyqAiPa7ULMPkq',
      'qAQACwG7+4rES0SM2CaQfchnuPWu2XcIvDM/H1bWwTg4iVreuHQDSYT9yAi8r5ljvTznH+sRzrrDZS1vv/PACLy/c7UtYsopT2a1VIwsH4dlw2gLAbxN',
      'Hse29L8h1lfHnJeQtR/zBgsBvCVujwzg5M1D1wBu3s89e/SZCwG7+1THDlMdTWmTux58Bse6T0AIvE0e/VHfDj2ETbkuboGJSKuyJgi8UYDkpVwyfPvu',
      'GqQEBnQHS8dACLxCKV0fm6ne7MpTPaQZxRafnAULQQC8615IwRTwSZGqtMN2OmSyWg==',
    ].join(''),
    'base64',
  );

/** Opus in WebM, as music is encoded (CELT): 16 kbit/s. */
export const opusOfMusic = (): Buffer =>
  Buffer.from(
    [
      'GkXfo59ChoEBQveBAULygQRC84EIQoKEd2VibUKHgQRChYECGFOAZwEAAAAAABA9EU2bdLpNu4tTq4QVSalmU6yBoU27i1OrhBZUrmtTrIHGTbuMU6uE',
      'ElTDZ1OsggEwTbuMU6uEHFO7a1OsghAn7AEAAAAAAABZAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVSalmoCrXsYMPQkBNgIRMYXZmV0GETGF2ZkSJiECZEAAAAAAAFlSua+WuAQAAAAAAAFzX',
      'gQFzxYgAAAAAAAAAAZyBACK1nIN1bmSIgQCGhkFfT1BVU1aqgyYloFa7hATEtACDgQLhkZ+BAbWIQOdwAAAAAABiZIEQY6KTT3B1c0hlYWQBAXgAgLsA',
      'AAAAABJUw2fSc3PPY8CLY8WIAAAAAAAAAAFnyJlFo4dFTkNPREVSRIeMTGF2YyBsaWJvcHVzZ8iiRaOIRFVSQVRJT05Eh5QwMDowMDowMS42MDQwMDAw',
      'MDAAAB9DtnVOmueBAKOsgQAAgPhwUotXQsuiyX1RFWAVrbSR7N1WU1GSWrONkpeRD6LdnKiBduLvDM+jrIEAFYD4xvYmM3i+sLo7/6M7rxBKY/Sci8xv',
      '1BVD9HK4wVJyZwBdsS7I6kZco6yBACmA+MWhtPoYJgCeFIVpFymoBPwV+FltebvEMqwrGLbhaOGI+kItDvBOW6OsgQA9gPjFkVuYr54p1t7Cq5pIDBUo',
      'mh5WiUVfMsUMQx/+9UDVY1o5nHsEUlujrIEAUYD4xaQhpqIs26yF8ebJYg6H293FISBQP7whshLFQ11FNJ2lva8cmtpao6yBAGWA+MFobQ+MzwuGsVDw',
      'oGAqpdH/9lPgUOH4SdwQ+UAs5xDfMRPQyYWWW6OsgQB5gPjCAN9Z/e4lJtGVx/SdoE1GesZc8XK6Dm5Tx4uq4akLoCQMgp4/Ul2jrIEAjYD4xZGd3Oec',
      'pbYC3UFQmc9wk8vs/NYhemO4F1Mq4Hpub4h6RDLrPh5ao6yBAKGA+MWRUOxCNUUYwfpbF/nFaeHD4GOAyvSan0TWErH/JCLGsDmecMzSXKOsgQC1gPjF',
      'pCRIzKjHfTBXxUyK9VhP/idC9n0ZC2UaALMhgIOQdHE9vp7eWlqjrIEAyYD4wWfpDhxTMuTCeflRfgluA8nD8FGzpMy8552AkyDbcN8xE9PNGpZbo6yB',
      'AN2A+MH4om1gIKYqVZOc55hcTRDpFWsi3Hn/vJ6zOquNC00MsQIOG6sWWKOsgQDxgPjFobWcKbQsLA/dqfsDloKjb/8vGvfbmDe1fd1kPKDu9UNbt4XC',
      'Xl6jrIEBBYD4xXrjlQ0iiII0c9yYdGW5tpj3zUHKIBcQtkwDEZIY9Q5NDA60c5Jco6yBARmA+MWkJEfu4ItYLWO9ovpN8S8FQ1eC9NieGorf3VCeMlTX',
      'bm9fAa9aXKOsgQEtgPjBaHZfn/CrcRMw4xoqjyXBfEBYiIqsfkQtKjWgmPEM3zET0OvA1lujrIEBQYD4wgDfT5+kC0KEfvaF5uGwl6skKkAKaIUiyCOq',
      'm1yFajABDIdxqVJco6yBAVWA+MWRXPAhbdO2Auf+Ih1Ch2UJ50VthLiqNrgqem8zAcCJXkjgp1IeW6OsgQFpgPjFkXGdY/L4VRY98r5BhD0Z47Pd8Bvw',
      '5q3VDyhbCWTd8a0cznwIUlqjrIEBfYD4xaQkSpV24XNcGJ4JUL/QgZ1S9Z+XOy4wDkgYz0z15QB2bOa00lpao6yBAZGA+MqiBZOiyepTcVx5tqpjpk7w',
      '9kOvsbJVsIaDesq6/dWIuPX7PoEeVqOsgQGlgPjBHantAKZB0wCHGxt/1puJeiGWpZWbplVcdC2ElUp5a5FATGubelqjrIEBuYD4xHsXr40SggOyh7rm',
      'DCM0CrURzSUy6AImx7uVaGsS+Wu0hHFInupco6yBAc2A+MREzmIj92flvaHgnyPWEREZd0UHWvTEtRGa/8l2AQfwJR4ySbayXKOsgQHhgPjEnadW9Mtk',
      'HoV/7q9Bxxk+4zwJTUpC+nA9Kitx/jzJXXD9aWVgplqjrIEB9YD4xgOJTrkeoOeWJUs6dK6LRcf3SNBCMkQ3chINP6kIVTS4iePGKDJao6yBAgmA+MYU',
      'oLLHXpbC3HxQ3I8HccFxBui9Y/Ni3z7YnIVcwBCAQQIToc7yXKOsgQIdgPjEemCisXw4vDZTxxMSL8QEBf9jHmf+YTfjPzwBZZHQEY6x94aRulijrIEC',
      'MYD4xER/QLMabegZHVeIqKa8gqHy0DgyEtIGTE9+O1g1zHAlDNnJ87Jdo6yBAkWA+MSdpx3kATJ4tzvqzaCW0agzraRWz0oKMoKe3IFEyldd+P2l4Hyq',
      'WKOsgQJZgPjGAuzG5W0GNaGecOKTsOqCYB96f4+5BqEgzlCrrRkw1jETzr8sMlyjrIECbYD4xhShkFQFLk6/pZ2qZPWSJqYrPPw184FBrNMOqjAEnwE1',
      'OaPDIbJco6yBAoGA+MR69Mt6F88S07oYYF6S2Z5ejS8Fl1x2kHWTarj4zBEQjqG2YIvqW6OsgQKVgPjBNTuq5afJu34uLQO65W1/1UvlmKyXwa320U+E',
      'xHVZ41o5sfCnrlqjrIECqYD4xJ26l8JmW/4eST0EjbbftGSq9SVrIJE80rVXNMVDTNodb1vu8rJeo6yBAr2A+MYDiMzAoTFY4jMznTHul/WHWu1AHqum',
      'dcT8X9iMWSV4uInj08Q2XKOsgQLRgPjGFKGQQxVh56S5zEhl7kuqKzKwpanjd2F3L/OY1BmIALEAd6nR8lqjrIEC5YD4xH1CepUmCxZINvwZ6d3Eazk2',
      'A+xh/PAO6+s3PxzRQOvmSPkn7apdo6yBAvmA+MRFOcCGZaoAGMZX5F28E9uXWQacBnTUHiGN8l3Ha/IPWgcCD2uyXKOsgQMNgPjEnbqOKn9Brujr5YCS',
      'xu9f9aLyvFf1m+x5QE7AhD6oKWmzWaJbpl6jrIEDIYD4fLrIzgDbtoaIkZ46/c4FANzkfz4MFRjDpFj/9/n9CEYwDeZdJJVno6yBAzWA+JdWakarOffw',
      'FTCy73S0lwAX8hJrkPCjHG7MbJJIf+Rct5V3MHIwvKOsgQNJgPiVzU2eRzuATZ5JFqJl2H1Adnpb5J2Hr0e9A4ux7HpaCkJ203KZ5LyjrIEDXYD4laRt',
      'rdOAv0hlGWKnAnkpIUqHDTh74ANlyOBDS3Gc5b1nH1g9FiF5o6yBA3GA+JgsSnvRVF4/iLf0kidGe2g7uZ8srxR5/MfdFvK2ZWOjpG7POgXTeKOsgQOF',
      'gPjBXww9kqqUt+PehL8yDEIAOmMap671frC25cLOysLqe7E/gHUgidyjrIEDmYD4wgDfc2O6B67YGg0JTcgOtCzhfHe7VZXK1rnJqLv1zABFMLrautne',
      'o6yBA62A+MHBWwbXn4Kl13pqjOpJIsldrMkcbnYTUcvzn66mJqfXjqK9TeZh3KOsgQPBgPjFkVDsJLTXg1+c3wYycD7flTx+j0PyDP+v/DjV7OFvj1od',
      '3BpSVl2jrIED1YD4xaG9K68fCdvzehcrhmTR2FQesG6QpKBCI83v2kbkbcEiBWdTrx5fo6yBA+mA+MFkVzpB38ralWlxdjWyzMD6Gv3lTd/YouvkZwBC',
      'wFNouIyZ+jSSXKOsgQP9gPjB+J0h/qg3U4uEeTTz5gzJc5850N8WyBVJQ55C00t0ALEAZrROFlqjrIEEEYD4xaG7n8a2XBc/I7AjN/VDUz6nhs5QENR+',
      '3TFfPmGWI8RKQC4Di15ao6yBBCWA+MWRUT6epnlbiTu06ekT8VOtHhfoDpzpfWJXR5bJ7Q9iTRwU9E9SWqOsgQQ5gPjFpCRIQj/mPn0IhAU9DPLNX2/n',
      '2LbLjvmo9irMZR9JnCu2t0YeWlyjrIEETYD4wWiTfYJDS3TnfVJCEtNULamP+gEO7iSj9QDgvrI9Je8xE8qAipZdo6yBBGGA+MIA310BKsmVINEtJQ0e',
      'YutOsY9HWg8Sdy/p0lfbubzOgDBufZBSXKOsgQR1gPjFkW5FpbkZLOmOt9zlpVZg6qcpx61w69qyp2fSb28sYONY55y8HlyjrIEEiYD4xXfN8qRD/gT9',
      'Ztm8KFL5WE6kdeBDDSZsNxQ90iEeVuIvM46UxpJao6yBBJ2A+MWhu6GG+urGqQXVFtF+HTZVxvhNOJoBbuyrp8KoyU9dXb2ufckaXKOsgQSxgPjKfF7L',
      '6yxuJXPa89c8buVgwXzjoN0qcJAPwHynUCiKoagH6HxRvl2jrIEExYD4wRndpU1D7cgWMIAu8mOINVXam+2IxMloHrDEUjXZegGYMSgN4bpco6yBBNmA',
      '+MR6w+kAOtwkIKHsBo6bRlLbwXa7erp+xx6+dFpHGAZqykIxyRXqXKOsgQTtgPjEQrI5HQpvjcTDFdsa8atb31tgVqMBIGqtlU6xFf7/ETz87yOhMlyj',
      'rIEFAYD4xKLRggWhYsL2HuLD19uKhD1NuXHPT3VAsOpcetTxxwdpP9nT8uZao6yBBRWA+MYFwY5dnEh+ztsehH1MXKqqh/yIIhY0qS3kfOFaxOHaLEZY',
      'DT8yXKOsgQUpgPjGFJ02pqyGZO6Ajvq2zjGRDc7KAIalgSwlf6WP2TwfQM0CESR9slqjrIEFPYD4xHqqEkeavwxGKE+39F0Z42mJAGeT5GqtywS0d/fa',
      'TWoci8BLKOpco6yBBVGA+MRFJCERvUeTTq7gTTW/sTeK+SFLyYeCPCbYva3NcLfwJQzZ5jayXKOsgQVlgPjEnawhyD9XkdyngFw226Nps11afTBwj6/5',
      '4QuTCp6uOnm4AehOplujrIEFeYD4xgW3jkw6qm2nY8XguLd9+kqtg2uzo+mt6LwA8lfQaZvmKhvylzJbo6yBBY2A+MYUq5CMR9P5iRL3jnnknA+N2dzp',
      'fQiG9P3paV22hNNAhQIX70uyWqOsgQWhgPjEeoZ/2gckAtriGrAnavAde8YjLBSTJWIg8LI4TIqsicSR2xDP6lqjrIEFtYD4wTUhNts9zYR2kAaM8PvB',
      'GYLITR9dXlEBO/HG1psg+HFaGaJKGa5co6yBBcmA+MSdur4NChO8rvzms0sz8t7lGP91373odvQf+R1AOOSdTb130I2qWqOsgQXdgPjGAqpIAkbyE/t9',
      'VkzTV7RaDbq+DVopttc9x+d4kaxc15iJ6qyIMlyjrIEF8YD4xhShl3/J34WF7Ob0s7ttAWp1oKF+aBdkeBOg2fTkBALGmaOOx7Jco6yBBgWA+MR6sqND',
      'Ssp1vq0nkEA8OtVA5D3Wq3p40eY8dxWAq2YIykX70Vz6WqOsgQYZgPjBNSmiFMBTYK6S21xYNaySjidaD3zd/YCuDsV3o8zV41o5oWjHrlijrIEGLYD4',
      'xJ259A2KJX7kLsGf2eCGpKkEGnfaEZCGUIFekGmaRN1VtuvlmeZboLWhrIEGQQD4f4qWOL4hzsxQc06o5jYw7dqow0zY9lkY5ZFkAeygCBMcB/L+psrb',
      'daKEAQsHYBxTu2uRu4+zgQC3iveBAfGCAYfwgQM=',
    ].join(''),
    'base64',
  );

/** AAC in MPEG-4: 12 kbit/s. */
export const aac = (): Buffer =>
  Buffer.from(
    [
      'AAAAHGZ0eXBNNEEgAAACAE00QSBpc29taXNvMgAAAAhmcmVlAAAKsm1kYXQBHE8szDsUERjDeeff6mXlc61Lrd0JJl3A8vfL7adNZh29smbr111/J4Tr',
      'j4PN/d+977q7GuphYpDFYW6J3orRHXNfoVeHyep/16djXIlTWmSiRIlEiCeWky0SlvQ42OHG73SfTupRiIO8N17LwMq9tFkr1x3SV5TFekg5NoOo2Pd4',
      'K+7qrqPfNKD5UZ1IJ2z3TSdRxdRmNjz2Sw3i7CfAAR6U2sp1aZFrbIrcLPG/rzS0753+qKO6z4A77ffrapjl1fCggDi5Ya4ZdVTUFJh0U12M/5PE++YX',
      'wWdB9lP9Twb16gljitkXSUnCGrRUywsTigLcmXYl/T4F9eJP+fwOIKsPv0t7bxWSXp3wulEIBkIxuzsoD59hDnQLarb0vmtffurbKHfyuJGYmPRQWcAB',
      'HO8sqEoZSf5+f+P9/kjvq2Wqs0VYQSsOYmpix8CpgdbU8VBbB9ZQuXk5WwIP57urFv1pobRvQOlBMqWrHmP8xM2KCCiid7R2wmgTBVWj0VWiVAvdBjJC',
      'NX8YygOPqCmrgEcLsvYbrNzSwjtiKp9KX+w/oiXzJLmXkzgBJi8kIBsZFsKBJqFf+3/9r/9P779vHH5++Vc3KzUy0VoPk20xVsYd2WbyHUS/xbHPlXAO',
      'esFF8xPBqBycortCceXHMaEy8J0jxOkWC2BaG2ALaMXpBFuZlgt5rNhhmSyLgrWMYcB1hM9cXicPZxUOSitQjwn0il3ysyfAASgvJCAbG5im/9f/7P/4',
      '/9i+e/rcVcqrpUSZoe1bSbY00nlFn/1y8Xw7ljEdTSqLlUVZSVlfW//89CGTA4sK/0SFG8VRqQYLVSCBju6T4W4JQZHgLgh2jsNH0kDiteHN99MJSgaz',
      'gjme9sf3jwEgTyykSBDN+v5+f8++cbfn9a1WXV98ZClWHKR8cdz4Xo/P6drjOn3P33YCxZgO8MUglwQes5KGNtM4/SV6ZSu2X5R5/hLIjuvF1lVKamm5',
      'C1KSny0/ivRSurpVK6rBuwCYnyzuUZVyuduAASyVpgj1ZLqyXVkenqv8zLric/2z/T4yUnf/7SvOvOdb+//96v9Pjd4gHqTsC1SJauCHwSJokhaT1yfj',
      '3haLby+/65GQQsxc1wMOTpEpQptNkJ5jJE7zWV3fbb9vsQ8CJWykIXRqHoEs0xCpg2XQVjWCvWbyR4ABXu8gqmKb/G/+P8+OONz+31+/rWcbvJS6peQa',
      'IR3NjeZZqWaLk9AabRZRwJiEIq7xeMTpXi9wC/0h0BeIFwtYgNkc9fjcjMvrcXBgcNBbuqWkn5CYDUj9oMZYswRUH1AEhDzAcrxwAVYvJCAXSTxI/3//',
      't//u/rUPt8XmqTF1miqWPUpO1+D7DrTzR1nzvh9zMLXKLmREKV9r09mYuWdiAVS0jtRUPW7gusIWtEiJ5wkKAoUiVFxTR1KLxPA/zNDifReC+ukvCbLO',
      'XAFiLxwgGBqcZP/f/+z/+n9ePUz+n+9VYk5uVrlrIO2kJ3VgWrB0TaQ1/dzkbwFpKB4MlWtJeTOp3LQzs+3FSXm6xwMzlIivX8r5+97zpducN/lSMb46',
      'foI03JxWgjwBai8MIBgamGb/8f/7X/z+Zt1/r/inHN71MvaXjLHdRAkpK8VqYlqg5Oli1LVFtnlxVnKCEdnXJ8v6W9LKVuc8c7q1+zZ259yk0JyeAdeO',
      'aO6E8VM2BSqqygSk4T4BVi8kIBobmGb/v//c//X/XTufx/OqpdVrGaxFUPUpLnYys/Q0zuKl2V/nCKvBGNWFokj2oK57p1xSVVnafntHIRYY63F24ucO',
      'NcyXf9pQjcWnmnGGqGJ3flFa2ZqlBOaHAVYvKEJkKMX1/f+3+fjhXf6f4mqvHGXmtyq0wXIQADEYjEZRT+lGh/hWSzgFBBZno8PDw+2/+vRpjVn5VTzl',
      '9PkpyYLyNPKXHkiU611qViKqzctmNSFoX1PGQijZwAFYLwvPOfx9/9Pr35f8fH8yuO4rrfHOazLDP7++gHyZjBMJZnff394Tv5mwMz+YB/M0NA93YTm9',
      'wM5PtjJ8NhGZ33hSQd9IcwAP8GCff3IDI77gADJX8B/4+PgwTCzgASQvJCAZSUkC1/T/K8q/XtmslKq5S6qIPybaKFfTznneCs1xnDMKvJkv7H/mshPW',
      'yMmSmaKNNCHb2ScUUXJOpT6edUVX/NQgMVgvLb/JeZXq0xizncC0tzxfZuVMSaqahqn27uHcATQvHCAZUUn6/1/mkrj8/diUrjd0gqDtpBd976ltmTJR',
      'iTFJSmbl0P6xsjUpD79sTjSATJxqiCRaCA9Lw5UB0yDpeJbB2wC6cNERgpEAKpTLhjMy1C/VMov5tYx5+AEoLyQgGUlN5/b9Vayvn9cuVlXUlVFXkHtW',
      '0F3838emYJq80ipu0IJrtPecV0pHQdxaQ3XqwYZYYALDum50Mun1SOR2YKtANntbFofvQ4QT1hR3lgnTg7AT+0ReeRPAASgvJCAZSU3H6fylU/T+clVL',
      'ZLbkzjdj1KRN3fzfRC7QwlJmZiKGt8PO9Ck6jTn703thTwc/uCPed2u5KjmgUo89V9bq1JUhaRHC33HHedMveX0qlX/6r6Bloo6fx8tavzw4ASxPIKZh',
      'm/H2+3x5q87+fv9by6lyjK0yrHOO5wyy6sY26afXmAYAA2Bz0twm6f6f/rP6QO6/50KviX2VRr6X/uv99ai8cDUigZZYh5HKm7Zna96rItK1UJmuvZTg',
      'AUiUbHuynVkerI9P5/P+nWqkyf/2pXtxrR1//br/H1lsZ/q/nznW4Er2hfBKl1RPifCCenn1KTAAAGAAAAFCMfSCB+CyvBJXgk4JMH4kgqsQlv1Qxnyz',
      'U59M/YlrvQo23btVSYe/9rRQrW0Y4LoIvy1plulbSVOl8/ABZO8dZTf9/0/v7fHVvt64/fa4mVeLpKocKTws9nqbxUvzRiMcSZymJKQFVu63HQAqv61r',
      'D5rG+QIujiNSfjitaugBSyZ+DPTGeWKKAD05ECNYSFv1H3A5cQQFN4WbA44BWi8cIBlZRe35+8nfGd+wq1LxJuJB7KTIyrvPzHZCmMM8QoF2tXhv7npo',
      'sErEFNBtSxiYnEIaIpbs9iBKq8HCDFh0uipbgISmwKG7uMELMyO4HEQZNKyf5tjgAVgvHCAZSUjC16+6a51+n67q1QSoVEH4Uizd+Q/XdkC7IVSKWq7v',
      'C77f69k/2OkYBlhznSAZiMEUHOyyEHKhGmKbeY6Gwqe4JW9ClhOtKF4wdH+CSYpu51HBwvYsPDwBVC8kIBkRGoJTcfp+t76rPXmSpUVK1utUQfJpFsq/',
      'IeZitEto5Mn3g0KNt/AI5jgR43qWfsoY7Q4uYOg7sQFM4PQnC0a3jJOj0P6L2gWu42ZwLKzHWI0cwL1PBnOmMyjo4AFYLxwgGUjN7ft+srNV7/FtuMmX',
      'uL3rFj8KTO6bvyHm5KqUF1aQQIrwn6Dj8taU3b9UTvbfuzOdtmOBK3CUKLSU1SWvoZckgx1r7qvdALUrc3xn8VM/vpwBVi8giKGDr3/P319PHfv7edVJ',
      'WskolVKFK+SVNnVNUERLTpRTgkJKuJaFPibdF33VBMzhITCEhITlk/lMfynbLJhypY/FFhYY29c44fhKTzCeEw0wsuKJhJMcoPDlhIcAAAM2bW9vdgAA',
      'AGxtdmhkAAAAAAAAAAAAAAAAAAAD6AAABkAAAQAAAQAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAA',
      'AAAAAAAAAAAAAAAAAAAAAAAAAgAAAoV0cmFrAAAAXHRraGQAAAADAAAAAAAAAAAAAAABAAAAAAAABkAAAAAAAAAAAAAAAAEBAAAAAAEAAAAAAAAAAAAA',
      'AAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAkZWR0cwAAABxlbHN0AAAAAAAAAAEAAAZAAAAEAAABAAAAAAH9bWRpYQAAACBtZGhkAAAA',
      'AAAAAAAAAAAAAAA+gAAAaABVxAAAAAAALWhkbHIAAAAAAAAAAHNvdW4AAAAAAAAAAAAAAABTb3VuZEhhbmRsZXIAAAABqG1pbmYAAAAQc21oZAAAAAAA',
      'AAAAAAAAJGRpbmYAAAAcZHJlZgAAAAAAAAABAAAADHVybCAAAAABAAABbHN0YmwAAABqc3RzZAAAAAAAAAABAAAAWm1wNGEAAAAAAAAAAQAAAAAAAAAA',
      'AAIAEAAAAAA+gAAAAAAANmVzZHMAAAAAA4CAgCUAAQAEgICAF0AVAAAAAAAzRQAAM0UFgICABRQIVuUABoCAgAECAAAAGHN0dHMAAAAAAAAAAQAAABoA',
      'AAQAAAAAHHN0c2MAAAAAAAAAAQAAAAEAAAAaAAAAAQAAAHxzdHN6AAAAAAAAAAAAAAAaAAAAoAAAAI8AAAB7AAAAfAAAAG0AAABrAAAAdwAAAGcAAABk',
      'AAAAXgAAAF0AAABhAAAAXgAAAF8AAABmAAAAXgAAAF8AAABjAAAAXQAAAHoAAABgAAAAWwAAAF8AAABiAAAAWAAAAGAAAAAUc3RjbwAAAAAAAAABAAAA',
      'LAAAABpzZ3BkAQAAAHJvbGwAAAACAAAAAf//AAAAHHNiZ3AAAAAAcm9sbAAAAAEAAAAaAAAAAQAAAD11ZHRhAAAANW1ldGEAAAAAAAAAIWhkbHIAAAAA',
      'AAAAAG1kaXJhcHBsAAAAAAAAAAAAAAAACGlsc3Q=',
    ].join(''),
    'base64',
  );

/** MP3: 8 kbit/s. */
export const mp3 = (): Buffer =>
  Buffer.from(
    [
      '//MYxAAFAGp0AUkAAUaNGjbnSgoBMExWjnv//8FECBAJcnzv//MYxAMFuG6YAY84AC7wglcO1KiyKv/X30A4JYWDpwMSFuS5//MYxAMEYGaAAdAAAZEC',
      'BDAqkCNjZ//DCZBQWhAJQR/x3BCE//MYxAgF6GqQuGgWaMVkMS////95q/nmEgslLUULhv/YT2DI//MYxAcGSGaAEIgaZEYr1qApBud///6dzqlRMpTC',
      '9KoDBAGw//MYxAQFOGaheFASaC/4Zh8UbQLMf//+g1VOu/VbAgQAKC38//MYxAYEwGaZeGgYaCJKKjTodqf////7PY8CCF+sJUiaZ7kd//MYxAoEoGaI',
      'EIgeaq5/////qvDB1TEL9YZyIeZtsBQ2d/////MYxA4EIGaICIAYavo+hRAHAR/xNQhyejwUUT////vrq3pC//MYxBQEqGaQuGgeaAj68mBdAK5dW//T',
      'JMJ+HAh///11nxPz//MYxBgFGGqIKU0AAACUnw7P94EbAQ//z8dRHxe4FgTwp/8d//MYxBoI6JaoAY9QACQL/AgYP/L7/0pLKVpladm4YwLs4BMF//MY',
      'xA0HKHLoAY9YAN5zr49kkN8gA7hQNTgUb1USA9JdImgh//MYxAcEKGbkwdAAAIkUj5t/0jIRIqJQXjrf8YAd9YZDQQlr//MYxA0GmGsCWFGKQDfs8Dhm',
      'rbRe5GdjP/11cMFottEABvvF//MYxAkGcGMWWDgEYkHBQk9EXJB5eJ1esohAun+pA8w/AA////MYxAYE6GrpkDvOJI4qEhir/1ZwwH/2W+xSFX9EEzCo',
      'kYh1//MYxAkEiGbUAJAiZCzgRxyzR///9dUQpH+sCPEScPcHhbq6//MYxA0DUGbowGgSalUa0Bi+o6EZlE4Iyf1Q6E8xVd1/Slqh//MYxBYE6GrYyJlg',
      'TN9EwgkScpmt/7/CkZ8tf8dVQjgYurWD//MYxBkEiGrcwFSYMEwfkea9SJwIAvf7vV8eDr3MpM+OEH8m//MYxB0E+GbYyIAgZE6/97cAYICdn0WtF3sr',
      'S8AMB4xis/4m//MYxCAEqGbYAFxYMFQChlmDkgII/4EIKR18AUP/////Xno4//MYxCQEqGrgAGBSafqqAwb/1BKCJT/AkDN/////Y99d1Riv//MYxCgE',
      'kGqMEGgOauuoS6WYTC3/XoAQYUDRf3////6kuelS//MYxCwEmGaEEJAeaAwLGZZbLS31qDEIgwfuvLJM3F6BWmox//MYxDAGKGZ4CG4aINdd3X9zdWmj',
      'UiowtHW1GOvawkwFQmJd//MYxC4IQGaWWGheaGuWSQreq+6v3rtvZ7HfeMWtZdWiEHQm//MYxCQIMGqJmGheaOMXtYPbBkBROt/WED4Rx27o7tVWj7tF',
      '//MYxBoHGGZ9iJHeTP9VVQJGL9EGtg4SwaetAL1DQP/+z//9//MYxBQGIGZ8EJAgZOdrzdylMIAAQP+GMo26C5r/////3tIn//MYxBIFGGqs+GgYaocx',
      'CjCAAkj/iqb26Dqv///9bo63RZqV//MYxBQFKGaw+GgYalUJAgABA/0weRbr//MBLCH////+h7V8//MYxBYFqGqxmU0AAnKX23WjUKr4OOq5rQoVitvu',
      'X8/tjJgg//MYxBYJMG7gAZh4AEXnmcVgPxEe9B3//7v/qhRjbXKInQEf//MYxAgGgGrUAdIAAAs0xR7/UZBkcTiauA3d0f9f6RNe1IEs//MYxAUGQGbQ',
      'AJAkZAqxHm79R0EpHGA++9P9np1/6O7qQNtq//MYxAMFuGceWBJEJhaKAB/8PPOm9ZdOmAD/jGXM/2MfGL61//MYxAMDaGrYAJggZATkRRA+/WcCEJxa',
      'GL8wCHA2goG1oE4W//MYxAwEmGrYAJAWaL////q2/VUVfrQBMAehGG2qo6EHL6v///MYxBAE2GrUAJAiZFf//UogMbEbDv54JDBLe7QQN/WuSYgV//MY',
      'xBMEgGr6QFAKYH9EEzCokYaN1nAjjjbdcX//30VUcBi9//MYxBgE6GbUAJAiZHWEOh2SwVPboTBa6tO3clUeutZNhPks//MYxBsE0GrYyJAWoJGiH/TM',
      'w8pq6hhlsionrB6Hyg2BfNla//MYxB4D2GrgAVEAAGDyGdEnDi7bl0yTPeLW7V9n/9HF0J+Q//MYxCUIOIrYAZBoAFYguQKaFHAwViKyBXQlTEFNRTMu',
      'MTAw//MYxBsEYAG4AcMAAVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV',
    ].join(''),
    'base64',
  );

/** AMR of 12.2 kbit/s, frames of 20 ms of noise each: so many quiet and so many loud ones, and that again. */
export const amr = (frames = 20): Buffer => {
  const gains = [
    [60, 56, 68, 91, 111],
    [59, 71, 67, 90, 110],
    [58, 70, 66, 89, 109],
    [57, 69, 65, 88, 108],
  ];
  const frame = (index: number, gain: number): Buffer => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, at) => (index * 31 + at * 71) & 255));
    bytes[0] = 0x3c;
    for (const positions of gains)
      positions.forEach((at, bit) => {
        const byte = 1 + (at >> 3);
        const mask = 1 << (at & 7);
        bytes[byte] = ((bytes[byte] ?? 0) & ~mask) | (((gain >> (4 - bit)) & 1) === 1 ? mask : 0);
      });
    return bytes;
  };
  const all = Array.from({ length: 4 * frames }, (_, index) =>
    frame(index, Math.floor(index / frames) % 2 === 0 ? 7 : 14),
  );
  return Buffer.concat([Buffer.from('#!AMR\n'), ...all]);
};

const numbers = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeInt32LE(value, index * 4));
  return bytes;
};

const chunk = (id: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(id, 'latin1'), numbers(body.length), body, Buffer.alloc(body.length % 2)]);
};

const list = (id: string, ...parts: Buffer[]): Buffer => chunk('LIST', Buffer.from(id, 'latin1'), ...parts);

/** An AVI of 300 frames of 40 ms, 320 by 240 pixels, kept from its upper row on; with so many frames in all its parts. */
export const measuredAvi = (frames = 300): Buffer => {
  const format = numbers(40, 320, -240, 0, 0, 0, 0, 0, 0, 0);
  const stream = Buffer.concat([Buffer.from('vidsMJPG', 'latin1'), numbers(0, 0, 0, 1, 25, 0, 300, 0, 0, 0, 0, 0)]);
  const head = numbers(40_000, 0, 0, 0, 300, 0, 1, 0, 320, 240, 0, 0, 0, 0);
  const all = list('odml', chunk('dmlh', numbers(frames)));
  const description = list(
    'hdrl',
    chunk('avih', head),
    list('strl', chunk('strh', stream), chunk('strf', format)),
    all,
  );
  return chunk('RIFF', Buffer.from('AVI '), description, list('movi', chunk('00dc', Buffer.alloc(200, 3))));
};

/**
 * An AVI with a stream of text beside its picture, as cameras of cars write positions: in frames, in lists of frames, in its
 * description, and in padding. Whatever says where it was made has `secret` in it.
 */
export const placedAvi = (secret: string): Buffer => {
  const text = Buffer.from(secret, 'latin1');
  const times = numbers(0, 0, 0, 1, 25, 0, 300, 0, 0, 0, 0, 0);
  const picture = Buffer.concat([Buffer.from('vidsMJPG', 'latin1'), times]);
  const description = list(
    'hdrl',
    chunk('avih', numbers(40_000, 0, 0, 0, 300, 0, 2, 0, 320, 240, 0, 0, 0, 0)),
    list(
      'strl',
      chunk('strh', picture),
      chunk('strf', numbers(40, 320, 240, 0, 0, 0, 0, 0, 0, 0)),
      chunk('strd', text),
      chunk('strn', text),
    ),
    list('strl', chunk('strh', Buffer.concat([Buffer.from('txts\0\0\0\0', 'latin1'), times])), chunk('strf', text)),
  );
  const frame = chunk('00dc', Buffer.alloc(201, 3));
  const frames = [frame, chunk('01tx', text), chunk('JUNK', text), list('rec ', frame, chunk('01tx', text)), frame];
  const long = chunk('JUNK', Buffer.alloc(200_000, secret));
  return chunk('RIFF', Buffer.from('AVI '), description, list('movi', ...frames, long, frame), list('INFO', text));
};

/** A film of Windows Media of 12.5 seconds, 3 of which a player fills its buffer with before; 320 by 240 pixels. @param type of its stream */
export const measuredWindowsMedia = (type = 'c0ef19bc4d5bcf11a8fd00805f5c442b'): Buffer => {
  const object = (id: string, body: Buffer): Buffer => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(24 + body.length));
    return Buffer.concat([Buffer.from(id, 'hex'), size, body]);
  };
  const file = Buffer.alloc(80);
  file.writeBigUInt64LE(155_000_000n, 40);
  file.writeBigUInt64LE(3_000n, 56);
  const stream = Buffer.alloc(106);
  stream.write(type, 'hex');
  stream.writeUInt32LE(320, 54);
  stream.writeUInt32LE(240, 58);
  const objects = [
    object('9107dcb7b7a9cf118ee600c00c205365', stream),
    object('a1dcab8c47a9cf118ee400c00c205365', file),
  ];
  const body = Buffer.concat([numbers(objects.length), Buffer.of(1, 2), ...objects]);
  return Buffer.concat([object('3026b2758e66cf11a6d900aa0062ce6c', body), Buffer.alloc(500, 5)]);
};

/** A film of MPEG-2 of 10 seconds, 352 by 288 pixels: a pack at its beginning and one at its end. */
export const programStream = (): Buffer => {
  const pack = (ticks: number): Buffer => {
    const high = Math.floor(ticks / 2 ** 30);
    const middle = Math.floor(ticks / 2 ** 15) % 2 ** 15;
    const low = ticks % 2 ** 15;
    const bits =
      (0x44n << 40n) |
      (BigInt(high) << 43n) |
      (BigInt(middle) << 27n) |
      (1n << 26n) |
      (BigInt(low) << 11n) |
      (1n << 10n) |
      1n;
    const clock = Buffer.alloc(8);
    clock.writeBigUInt64BE(bits << 16n);
    return Buffer.concat([Buffer.of(0, 0, 1, 0xba), clock.subarray(0, 6), Buffer.of(0, 0, 3, 0xf8)]);
  };
  const sequence = Buffer.concat([Buffer.of(0, 0, 1, 0xb3), Buffer.of(0x16, 0x01, 0x20), Buffer.alloc(200, 0x11)]);
  return Buffer.concat([
    pack(45_000),
    Buffer.of(0, 0, 1, 0xe0, 1, 0),
    sequence,
    pack(945_000),
    Buffer.alloc(100, 0x22),
  ]);
};

/** A sound of two seconds in AIFF, quiet first, then loud. */
export const aiff = (): Buffer => {
  const frames = 16_000;
  const samples = Buffer.alloc(frames * 2);
  for (let frame = 0; frame < frames; frame += 1) samples.writeInt16BE(frame < frames / 2 ? 100 : -20_000, frame * 2);
  const part = (id: string, body: Buffer): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(body.length);
    return Buffer.concat([Buffer.from(id), size, body]);
  };
  const description = Buffer.alloc(18);
  description.writeUInt16BE(1, 0);
  description.writeUInt32BE(frames, 2);
  description.writeUInt16BE(16, 6);
  description.writeUInt16BE(16_383 + 12, 8);
  description.writeUInt32BE(8_000 * 2 ** 19, 10);
  const body = [part('COMM', description), part('SSND', Buffer.concat([Buffer.alloc(8), samples]))];
  return part('FORM', Buffer.concat([Buffer.from('AIFF'), ...body]));
};
