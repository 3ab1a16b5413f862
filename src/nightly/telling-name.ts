/**
 * Names that many measurements have alike, for instruments and programs give them by themselves: they say nothing of
 * which one it is. A list is never complete, so nothing is decided by such a word alone (by-hand-evidence.ts).
 */
const COMMON = new Set(
  `acq acquisition actual all analysis area array aux average avg axis back background backup base baseline batch beam before
  after bin blank block bright brightfield calibration camera cap capture captured captures cell center chan channel channels
  chart collection color comment condition config configuration control copy count counts cube current curve cycle dark
  darkfield data dataset datasets date default demo detail details detector diff diffraction dir directory document dose dummy
  dump dwell ebsd edit eds edx element end energy entry error event events example exp experiment experiments export exported
  exports factor field fields fig figure figures file filename files film filter final first fit flat focus folder force fov
  frame frames front full gain graph grid group hdr header height histogram hologram image images imaging img imgs index info
  input intensity item items job kopie label last latest layer left lens level light line lines linescan list live local log
  logfile logs macro main manual map mapping maps marker mask master max measure measured measurement measurements measuring
  meas merged meta metadata method micrograph microscope min misc mode monitor montage mosaic motor movie multi name names new
  newfile next noise none normal note notes null number object objective offset old open operator optics orig original out
  output overlay overview page pages panel param parameter parameters params part pass path pattern peak phase photo photos pic
  picture pictures pixel plan plane plate plot point points pos position positions power prefix pressure preview probe process
  processed profile program project projection projections protocol quick radial ramp range raster rate ratio raw read readme
  recipe recon reconstruction record recorded recording reduced ref reference region regions report res reset result results
  right roi rois rotation round row run runs sample samples save saved scale scan scanner scanning scans scene screen screenshot
  script search section sections segment seq sequence serial series session sessions set settings setup shot shots signal signals
  single site size slice slices slide slot snap snapshot source spec spectra spectral spectrum speed spot spots stack stacks
  stage standard start state statistics status step steps stitch stitched still stop summary survey sweep system tab table target
  task temp temperature template test testing tests text thumb thumbnail tile tiles tilt time timelapse timepoint title tmp top
  total trace track trial type unknown unnamed untitled user value values var vector vers version video view volume wave well
  wide window work xyz zoom zstack
  aufnahme aufnahmen auswertung bereich bild bilder daten datei dateien einzelbild ergebnis ergebnisse export kamera kanal karte
  kennlinie kurve linie livebild mess messdaten messreihe messung messungen messwert messwerte neu neue neuer neues ohne ordner
  probe proben projekt protokoll punkt raster referenz reihe rohdaten scan schnitt sequenz serie sitzung spektren spektrum stapel
  standbild tabelle teil test übersicht uebersicht übersichtsbild unbenannt unbekannt versuch versuche vorschau wert werte zelle
  acquisitions canal carte capteur champ donnee donnees donnée données échantillon echantillon enregistrement essai fichier
  ligne mesure mesures nouveau nouvelle position spectre spectres tranche vue
  archivo barrido captura dato datos espectro imagen imagenes imágenes línea linea medicion medición medida medidas muestra
  nueva nuevo prueba campione dati immagine immagini misura misure nuova nuovo prova spettro`.split(/\s+/),
);

const LEAST_LETTERS = 4;
/** So many digits that count are no counter. */
const LEAST_DIGITS = 10;

const YEAR_FIRST = /(?<!\d)(?:19|20)\d\d([-_. ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])/;
const YEAR_LAST = /(?<!\d)(?:0[1-9]|[12]\d|3[01])[-_. ](?:0[1-9]|1[0-2])[-_. ](?:19|20)\d\d(?!\d)/;
/** With seconds, or with something between hours and minutes: four digits alone may be a counter. */
const TIME = /(?:[01]\d|2[0-3])(?:([-_.:h])[0-5]\d(?!\d)|[0-5]\d[0-5]\d)/;

/**
 * Whether no other measurement is called so: the name has a day and, beside it, a time or a word of its own, or a long
 * number. A day alone is not enough: two instruments measure on it.
 */
export function isTelling(name: string): boolean {
  const stem = stemOf(name);
  const date = YEAR_FIRST.exec(stem) ?? YEAR_LAST.exec(stem);
  if (date !== null) {
    const rest = stem.slice(0, date.index) + ' ' + stem.slice(date.index + date[0].length);
    if (TIME.test(rest) || hasOwnWord(rest)) return true;
  }
  return (stem.match(/\d+/g) ?? []).some((digits) => digits.replace(/^0+/, '').length >= LEAST_DIGITS);
}

/** Whether the name is more than a common word and a counter: a sample, a day. Others may be called so all the same. */
export function isOwnName(name: string): boolean {
  const stem = stemOf(name);
  return YEAR_FIRST.test(stem) || YEAR_LAST.test(stem) || hasOwnWord(stem);
}

const stemOf = (name: string): string => name.replace(/\.\p{L}[^.]*$/u, '');

/** "LiveImage3" is two words. */
function hasOwnWord(text: string): boolean {
  const words =
    text
      .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
      .toLowerCase()
      .match(/\p{L}+/gu) ?? [];
  const own = words.filter((word) => !COMMON.has(word)).join('');
  return Array.from(own).length >= LEAST_LETTERS;
}
